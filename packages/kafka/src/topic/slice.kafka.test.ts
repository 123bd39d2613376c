import { describe, test } from 'vitest'
import { sliceConformance } from '../conformance/slice-conformance.ts'
import { kafkajs } from '../kafkajs/index.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',')

describe.skipIf(!brokers)('on a real Kafka', () => {
  sliceConformance({ test, describe }, { driver: kafkajs(), brokers: brokers ?? [] })
})
