import kafkajs from 'kafkajs'
import { record, sleep } from './harness.ts'
import type { Harness } from './harness.ts'

/** A topic of one partition, in which not every offset is a record. */
export interface ShapedTopic {
  readonly topic: string
  /** The values that can be read, in order. */
  readonly values: readonly string[]
  /** The values that are read with `read_uncommitted`, if they differ. */
  readonly uncommitted?: readonly string[]
}

/** What the tests need beyond the driver port: transactions, and the deletion of records. */
export interface LogShapes {
  plain(count: number): Promise<ShapedTopic>
  /** Small transactions, committed and aborted in turn; the last offsets are markers. */
  transactional(count: number): Promise<ShapedTopic>
  /** The last transaction is not finished before `close`. */
  openTransaction(count: number): Promise<ShapedTopic>
  /** Of many records `count` are left, far apart, and tombstones behind them. */
  compacted(count: number): Promise<ShapedTopic>
  /** All but the last `count` were deleted. */
  truncated(count: number): Promise<ShapedTopic>
  /** Appends a transaction of `count` records that is aborted. */
  abort(topic: string, count: number): Promise<void>
  /** Deletes all records of the only partition. */
  deleteAll(topic: string): Promise<void>
  close(): Promise<void>
}

const COMPACTION = {
  'cleanup.policy': 'compact',
  'segment.ms': '100',
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': '0',
}
const COMPACTION_PATIENCE_MS = 90_000
const numbers = (count: number, prefix = 'v') => Array.from({ length: count }, (_, i) => `${prefix}${i}`)

export function logShapes(harness: Harness, brokers: readonly string[]): LogShapes {
  const { admin, topic, producer, produce, name, until } = harness
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })
  const closing: (() => Promise<unknown>)[] = []

  async function transactions() {
    const transactional = client.producer({
      transactionalId: name('transaction'),
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await transactional.connect()
    closing.push(() => transactional.disconnect())
    return transactional
  }

  const end = async (topicName: string) => (await admin.offsets(topicName, 'latest'))[0]?.offset ?? 0

  async function keyed(topicName: string, pairs: readonly (readonly [key: string, value: string | null])[]) {
    const records = pairs.map(([key, value]) => record(value, { key: Buffer.from(key) }))
    const [result] = await producer.send([{ topic: topicName, partition: 0, records }])
    if (result?.error) throw result.error
  }

  async function deleteRecords(topicName: string, before: number): Promise<void> {
    const plain = client.admin()
    await plain.connect()
    // KafkaJS deletes records only of topics that are in its metadata.
    await plain.fetchTopicOffsets(topicName)
    await plain.deleteTopicRecords({ topic: topicName, partitions: [{ partition: 0, offset: `${before}` }] })
    await plain.disconnect()
  }

  /** How many records the topic has, tombstones included, as the driver reads them. */
  async function left(topicName: string): Promise<number> {
    const to = await end(topicName)
    const consumer = await harness.consumer([topicName], { groupId: null })
    let count = 0
    for (let position = 0; position < to;) {
      const batch = await consumer.poll()
      if (batch === undefined) break
      count += batch.length
      position = batch.nextOffset
      consumer.release(batch)
    }
    await consumer.close()
    return count
  }

  return {
    async plain(count) {
      const topicName = await topic(1)
      const values = numbers(count)
      if (count > 0) await produce(topicName, 0, values)
      return { topic: topicName, values }
    },
    async transactional(count) {
      const topicName = await topic(1)
      const transactional = await transactions()
      const values = numbers(count)
      const size = Math.max(1, Math.ceil(count / 5))
      let offsets = 0
      for (let from = 0; from < Math.max(1, count); from += size) {
        for (const [kind, sent] of [
          ['commit', values.slice(from, from + size)],
          ['abort', numbers(150, 'aborted')],
        ] as const) {
          if (sent.length === 0) continue
          const transaction = await transactional.transaction()
          await transaction.send({ topic: topicName, messages: sent.map((value) => ({ value })) })
          await transaction[kind]()
          offsets += sent.length + 1
        }
      }
      // The last marker is written some time after the transaction is acknowledged.
      await until('the last marker', async () => (await end(topicName)) === offsets)
      return { topic: topicName, values }
    },
    async openTransaction(count) {
      const topicName = await topic(1)
      const values = numbers(count)
      if (count > 0) await produce(topicName, 0, values)
      const transaction = await (await transactions()).transaction()
      closing.unshift(() => transaction.abort())
      const pending = numbers(3, 'open')
      await transaction.send({ topic: topicName, messages: pending.map((value) => ({ value })) })
      // Records behind an open transaction cannot be read either.
      await produce(topicName, 0, ['behind'])
      return { topic: topicName, values, uncommitted: [...values, ...pending, 'behind'] }
    },
    async compacted(count) {
      const topicName = await topic(1, COMPACTION)
      // The last record of each key stays, one in 50 offsets.
      const kept = numbers(count).map((value, i) => [`kept${i}`, value] as const)
      const gone = numbers(50, 'gone').map((value) => ['gone', value] as const)
      for (const pair of kept) await keyed(topicName, [...gone, pair])
      await keyed(topicName, [...gone, ...gone, ['gone', null]])
      const written = await end(topicName)
      // The active segment is not compacted: a later record begins another one.
      await sleep(200)
      await keyed(topicName, [['gone', null]])
      const deadline = performance.now() + COMPACTION_PATIENCE_MS
      while ((await left(topicName)) > count + 2) {
        if (performance.now() > deadline) throw new Error(`${topicName} was not compacted: ${written} records are left`)
        await sleep(500)
      }
      return { topic: topicName, values: numbers(count) }
    },
    async truncated(count) {
      const topicName = await topic(1)
      const values = numbers(count)
      await produce(topicName, 0, [...numbers(300, 'deleted'), ...values])
      await deleteRecords(topicName, 300)
      return { topic: topicName, values }
    },
    async abort(topicName, count) {
      const marker = (await end(topicName)) + count
      const transaction = await (await transactions()).transaction()
      await transaction.send({ topic: topicName, messages: numbers(count, 'aborted').map((value) => ({ value })) })
      await transaction.abort()
      await until('the marker', async () => (await end(topicName)) > marker)
    },
    deleteAll: async (topicName) => deleteRecords(topicName, await end(topicName)),
    async close() {
      for (const close of closing) await close()
    },
  }
}
