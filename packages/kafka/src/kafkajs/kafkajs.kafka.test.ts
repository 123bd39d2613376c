import { describe, test } from 'vitest'
import { driverConformance } from '../conformance/driver-conformance.ts'
import { kafkajs } from './kafkajs-driver.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',')

describe.skipIf(!brokers)('on a real Kafka', () => {
  driverConformance({ test, describe }, { driver: kafkajs(), brokers: brokers ?? [] })
})
