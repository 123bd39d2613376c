import { describe, expect, test } from 'vitest'
import { record, withHarness } from '../../conformance/harness.ts'
import type { Harness } from '../../conformance/harness.ts'
import { changedDriver, runTransactions, write } from '../../fixtures/transactions-on-kafka.ts'
import { kafkajs, kafkajsConnect } from '../../kafkajs/kafkajs-driver.ts'
import { openCluster } from '../cluster/cluster.ts'
import { commitOffsetsAndMetadata, fetchOffsetsAndMetadata } from '../group/offsets-and-metadata.ts'
import { brokerUnreachable } from '../errors/connection-error.ts'
import { coordinatorOf } from './coordinator.ts'
import { fenceProducers } from './init-producer-id.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',') ?? []
const client = { brokers, clientId: 'wire', connectTimeoutMs: 5000, requestTimeoutMs: 10_000 }
const onKafka = (run: (harness: Harness) => Promise<void>) => () => withHarness({ driver: kafkajs(), brokers }, run)
/** A client that is no member of the group. */
const outsider = { generationId: -1, memberId: '', groupInstanceId: undefined }

describe.skipIf(brokers.length === 0)('a transactional producer on a real Kafka', () => {
  test(
    'transactions right after one another are each read once, or not at all',
    onKafka(async (harness) => {
      const producer = await harness.transactionalProducer()
      const { committed, read } = await runTransactions(harness, producer, 100)
      expect(read).toEqual(committed)
    }),
    60_000,
  )

  test('a commit that arrives late cannot end the next transaction (KAFKA-17754)', async () => {
    let late: (() => Promise<Buffer>) | undefined
    const driver = changedDriver((connection, address) => ({
      async request(request) {
        if (request.api !== 'EndTxn' || late) return connection.request(request)
        late = () => connection.request(request)
        throw brokerUnreachable(address, 'did not answer in time')
      },
    }))
    await withHarness({ driver, brokers }, async ({ topic, transactionalProducer, produce, reader, until }) => {
      const topicName = await topic(1)
      const producer = await transactionalProducer()
      await write(producer, topicName, 'first')
      await producer.commit()
      await write(producer, topicName, 'second')
      const answer = await late?.()
      // The error code, behind the throttle time.
      expect([47, 90]).toContain(answer?.readInt16BE(4))
      await producer.abort()
      await produce(topicName, 0, ['last'])
      const { values } = await reader([topicName], { groupId: null })
      await until('the last record', () => values().includes('last'))
      expect(values()).toEqual(['first', 'last'])
    })
  }, 60_000)

  test('a batch whose answers are lost is written once, and not at all once it was given up', async () => {
    let losing = 0
    const driver = changedDriver((connection, address) => ({
      async produce(request) {
        const answers = await connection.produce(request)
        if (losing > 0 && losing--) throw brokerUnreachable(address, 'lost an answer')
        return answers
      },
    }))
    await withHarness({ driver, brokers }, async ({ topic, transactionalProducer, reader, until }) => {
      const topicName = await topic(1)
      const producer = await transactionalProducer()
      losing = 2
      await write(producer, topicName, 'once')
      await producer.commit()
      losing = 1
      const [lost] = await producer.send([{ topic: topicName, partition: 0, records: [record('given up')] }])
      expect(lost).toMatchObject({ retriable: true })
      await expect(producer.commit()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' })
      await producer.abort()
      await write(producer, topicName, 'after')
      await producer.commit()
      const { values } = await reader([topicName], { groupId: null })
      await until('the last record', () => values().includes('after'))
      expect(values()).toEqual(['once', 'after'])
    })
  }, 60_000)

  test(
    'fencing an owner ends its transaction long before the time-out, and its offsets are the ones before',
    onKafka(async ({ topic, transactionalProducer, name }) => {
      const topicName = await topic(1)
      const [transactionalId, groupId] = [name('transaction'), name('group')]
      const cluster = await openCluster(client, kafkajsConnect(client))
      try {
        const groups = coordinatorOf(cluster, groupId, { of: 'group', patienceMs: 10_000 })
        const coordinator = await groups.ask(async (connection) => connection)
        const at = { topic: topicName, partition: 0 }
        const committed = { ...at, offset: 3, metadata: JSON.stringify({ owner: transactionalId }) }
        await commitOffsetsAndMetadata(coordinator, { ...outsider, groupId }, [committed])
        const owner = await transactionalProducer({ transactionalId, transactionTimeoutMs: 60_000 })
        await write(owner, topicName, 'open')
        await owner.sendOffsets({ ...outsider, groupId }, [{ ...at, offset: 9, metadata: '' }])

        const request = { groupId, partitions: [at] }
        const stable = () => fetchOffsetsAndMetadata(coordinator, { ...request, requireStable: true })
        const unstable = () => fetchOffsetsAndMetadata(coordinator, { ...request, requireStable: false })
        await expect(stable()).rejects.toMatchObject({ errorCode: 88 })
        expect(await unstable()).toEqual([committed])

        const start = performance.now()
        await fenceProducers(cluster, transactionalId, { patienceMs: 10_000 })
        await expect.poll(stable, { timeout: 10_000, interval: 5 }).toEqual([committed])
        // Brokers look for transactions whose time-out is over every ten seconds.
        expect(performance.now() - start).toBeLessThan(5000)
        await expect(owner.commit()).rejects.toMatchObject({ code: 'FENCED' })
      } finally {
        await cluster.destroy()
      }
    }),
    60_000,
  )
})
