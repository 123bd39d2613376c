import { describe, test } from 'vitest'
import { readingConformance } from '../conformance/reading-conformance.ts'
import { kafkajs } from '../kafkajs/index.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',')

describe.skipIf(!brokers)('on a real Kafka', () => {
  readingConformance({ test, describe }, { driver: kafkajs(), brokers: brokers ?? [] })
})
