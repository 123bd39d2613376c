import { describe, test } from 'vitest'
import { valueConformance } from '../conformance/value-conformance.ts'
import { kafkajs } from '../kafkajs/index.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',')

describe.skipIf(!brokers)('on a real Kafka', () => {
  valueConformance({ test, describe }, { driver: kafkajs(), brokers: brokers ?? [] })
})
