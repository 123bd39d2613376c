import { describe, test } from 'vitest'
import { readingConformance } from '@snapstream/kafka/conformance'
import { kafkats } from './kafkats.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',')

describe.skipIf(!brokers)('on a real Kafka', () => {
  readingConformance({ test, describe }, { driver: kafkats(), brokers: brokers ?? [] })
})
