import { describe, test } from 'vitest'
import { writingConformance } from '../conformance/writing-conformance.ts'
import { kafkajs } from '../kafkajs/index.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',')

describe.skipIf(!brokers)('on a real Kafka', () => {
  writingConformance({ test, describe }, { driver: kafkajs(), brokers: brokers ?? [] })
})
