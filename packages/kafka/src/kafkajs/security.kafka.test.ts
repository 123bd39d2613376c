import { afterAll, beforeAll, describe, test } from 'vitest'
import { findJava, startKafka } from '@snapstream/services'
import type { RunningKafka } from '@snapstream/services'
import { securityConformance } from '../conformance/security-conformance.ts'
import { kafkajs } from './kafkajs-driver.ts'

const java = await findJava()

// A broker of its own, which Docker's does not stand in for.
describe.skipIf(!java)('on a real Kafka', () => {
  let kafka: RunningKafka | undefined
  beforeAll(async () => {
    kafka = await startKafka({ security: true, heapMb: 512 })
  }, 120_000)
  afterAll(() => kafka?.stop())

  securityConformance(
    { test, describe },
    {
      driver: kafkajs(),
      broker: () => {
        if (kafka?.security === undefined) throw new Error('the broker was not started')
        return kafka.security
      },
    },
  )
})
