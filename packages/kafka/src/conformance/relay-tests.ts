import assert from 'node:assert/strict'
import { SnapstreamError } from '@snapstream/core'
import type { RecordBatch, TopicPartition } from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import type { Declare, Harness } from './harness.ts'
import { readAll, sleep } from './harness.ts'
import { send } from './transaction-tests.ts'

const PARTITIONS = 3
const RECORDS = 100

/** Members that copy records from one topic to another, each batch in a transaction. */
export function relayTests(declare: Declare): void {
  declare('while members come, go and die, every record is copied exactly once and in order', async (harness) => {
    const { topic, produce, reader, until, name } = harness
    const [input, output, groupId] = [await topic(PARTITIONS), await topic(PARTITIONS), name('group')]
    const outputs = await reader([output], { groupId: null })
    const members = [await relay(harness, input, output, groupId)]
    for (let round = 0; round < 5; round++) {
      for (let partition = 0; partition < PARTITIONS; partition++)
        await produce(
          input,
          partition,
          Array.from({ length: RECORDS }, (_, i) => `${partition}:${round * RECORDS + i}`),
        )
      await until('some progress', () => outputs.records.length >= round * RECORDS)
      // A static member does not give up its claims when it closes: it leaves as a member does whose process has died.
      if (round < 3)
        members.push(
          await relay(harness, input, output, groupId, round === 0 ? { groupInstanceId: name('instance') } : {}),
        )
      if (round === 2) await members[0]?.stop('in order')
      if (round === 3) await members[1]?.stop('halfway')
    }
    const all = 5 * RECORDS
    await until('all copies', () => outputs.records.length >= PARTITIONS * all)
    await Promise.all(members.map((member) => member.stop('in order')))
    for (let partition = 0; partition < PARTITIONS; partition++)
      assert.deepEqual(
        outputs.records.filter((one) => one.partition === partition).map(({ value }) => value),
        Array.from({ length: all }, (_, i) => `${partition}:${i}`),
      )
    for (const { error } of members) assert.equal(error(), undefined)
  })
}

async function relay(
  harness: Harness,
  input: string,
  output: string,
  groupId: string,
  more: Parameters<Harness['consumer']>[1] = {},
) {
  const transactionalId = harness.name('transaction')
  const producer = await harness.transactionalProducer({ transactionalId })
  const assigned = new Set<string>()
  let stopped: 'in order' | 'halfway' | undefined
  let failure: unknown
  /** The transaction that is open or ending. `revoked` waits for it. */
  let copying: Promise<void> = Promise.resolve()
  const consumer = await harness.consumer([input], {
    groupId,
    transactionalId,
    fetchMaxBytes: 1,
    ...more,
    async assigned(partitions) {
      for (const at of partitions) assigned.add(partitionKey(at))
    },
    async revoked(partitions) {
      await copying
      for (const at of partitions) assigned.delete(partitionKey(at))
    },
  })

  async function copy(batch: RecordBatch): Promise<void> {
    const { topic, partition, nextOffset: offset } = batch
    try {
      const values = readAll(batch).map(({ value }) => value ?? '')
      if (values.length > 0) await send(producer, output, partition, values)
      if (stopped === 'halfway') return
      if (await consumer.commitIn(producer, [{ topic, partition, offset }])) return await producer.commit()
      await producer.abort()
    } catch (error) {
      if (!SnapstreamError.is(error) || !['FENCED', 'TRANSACTION_ABORTED'].includes(error.code)) throw error
      await producer.abort()
      await rewind(batch)
    }
  }

  async function rewind({ topic, partition }: TopicPartition): Promise<void> {
    const [committed] = await consumer.committed([{ topic, partition }])
    consumer.seek(committed ?? { topic, partition, offset: 0 })
  }

  const running = (async () => {
    for (;;) {
      const batch = await consumer.poll()
      if (batch === undefined) return
      const isOwn = assigned.has(partitionKey(batch)) && stopped === undefined
      if (isOwn) await (copying = copy(batch))
      consumer.release(batch)
    }
  })().catch((error: unknown) => {
    failure = error
  })

  return {
    error: () => failure,
    /** `'halfway'`: leaves records in a transaction that it does not end. */
    async stop(how: 'in order' | 'halfway') {
      stopped = how
      if (how === 'halfway') await sleep(20)
      await copying.catch(() => {})
      await consumer.close()
      await running
    },
  }
}
