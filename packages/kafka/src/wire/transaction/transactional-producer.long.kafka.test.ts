import { describe, expect, test } from 'vitest'
import { withHarness } from '../../conformance/harness.ts'
import { changedDriver, runTransactions } from '../../fixtures/transactions-on-kafka.ts'
import { kafkajs, kafkajsConnect } from '../../kafkajs/kafkajs-driver.ts'
import { openCluster } from '../cluster/cluster.ts'
import type { ProducerIdAndEpoch } from '../protocol/connection.ts'
import { coordinatorOf } from './coordinator.ts'
import { initProducerId } from './init-producer-id.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',') ?? []
const client = { brokers, clientId: 'wire', connectTimeoutMs: 5000, requestTimeoutMs: 10_000 }
/** The broker gives another producer id in place of the epoch behind it. */
const LAST_EPOCH = 32_766

/** Uses up the epochs of a new producer id, as 32,000 transactions or restarts would. */
async function useEpochs(transactionalId: string, upTo: number): Promise<ProducerIdAndEpoch> {
  const cluster = await openCluster(client, kafkajsConnect(client))
  try {
    const coordinator = coordinatorOf(cluster, transactionalId, { of: 'transaction', patienceMs: 10_000 })
    let current: ProducerIdAndEpoch | undefined
    do current = await initProducerId(coordinator, { transactionalId, transactionTimeoutMs: 10_000, current })
    while (current.producerEpoch < upTo)
    return current
  } finally {
    await cluster.destroy()
  }
}

describe.skipIf(brokers.length === 0)('many transactions on a real Kafka', () => {
  test('2,000 small transactions are each read once, or not at all', async () => {
    await withHarness({ driver: kafkajs(), brokers, patienceMs: 60_000 }, async (harness) => {
      const producer = await harness.transactionalProducer()
      const { committed, read } = await runTransactions(harness, producer, 2000)
      expect(read).toEqual(committed)
    })
  }, 300_000)

  test('transactions go on when the epochs of a producer id are over', async () => {
    const used = new Set<string>()
    const driver = changedDriver((connection) => ({
      async produce(request) {
        const { producerId, producerEpoch } = request.producer ?? {}
        if (request.transaction) used.add(`${producerId}/${producerEpoch}`)
        return connection.produce(request)
      },
    }))
    await withHarness({ driver, brokers }, async (harness) => {
      const transactionalId = harness.name('transaction')
      const { producerId } = await useEpochs(transactionalId, LAST_EPOCH - 2)
      // Before transaction.version 2 a transaction does not change the epoch, but each new producer does.
      for (let i = 0; i < 4; i++) {
        const producer = await harness.transactionalProducer({ transactionalId })
        const { committed, read } = await runTransactions(harness, producer, 20)
        expect(read).toEqual(committed)
        await producer.close()
      }
      const ids = new Set([...used].map((one) => one.split('/')[0]))
      expect(ids.has(`${producerId}`)).toBe(true)
      expect(ids.size).toBe(2)
    })
  }, 300_000)
})
