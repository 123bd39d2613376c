import { afterAll, beforeAll, describe, test } from 'vitest'
import { findJava, secureKafka } from '@snapstream/services'
import { driverConformance } from '../conformance/index.ts'
import { kafkajs } from './kafkajs-driver.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',') ?? []
// The suite starts a separate broker. The shared one in Docker cannot replace it.
const secure = (await findJava()) ? secureKafka() : undefined

describe('on a real Kafka', () => {
  beforeAll(() => secure?.start(), 120_000)
  afterAll(() => secure?.stop())

  driverConformance(
    { test, describe, concurrent: test.concurrent },
    { driver: kafkajs(), brokers, ...(secure && { secureBroker: secure.broker }) },
  )
})
