import { driverConformance } from '@snapstream/kafka/conformance'
import { describe, test } from 'vitest'
import { kafkats } from './kafkats.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',')

describe.skipIf(!brokers)('on a real Kafka', () => {
  driverConformance({ test, describe }, { driver: kafkats(), brokers: brokers ?? [] })
})
