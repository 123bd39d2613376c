import { describe, test } from 'vitest'
import { writingConformance } from '@snapstream/kafka/conformance'
import { kafkats } from './kafkats.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',')

describe.skipIf(!brokers)('on a real Kafka', () => {
  writingConformance({ test, describe }, { driver: kafkats(), brokers: brokers ?? [] })
})
