import { describe, test } from 'vitest'
import { valueConformance } from '@snapstream/kafka/conformance'
import { kafkats } from './kafkats.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',')

describe.skipIf(!brokers)('on a real Kafka', () => {
  valueConformance({ test, describe }, { driver: kafkats(), brokers: brokers ?? [] })
})
