import assert from 'node:assert/strict'
import type { GroupMetadata, TopicPartition, TransactionalProducer } from '../driver/driver.ts'
import type { Declare, Harness, Reader } from './harness.ts'
import { sleep } from './harness.ts'
import { assertError, rejects } from './rejects.ts'
import { outcome, send } from './transaction-tests.ts'

/** A topic with ten records in each partition, a group, and its first member with the producer of its transactions. */
export async function firstOwner(harness: Harness, partitions: number) {
  const { topic, produce, name } = harness
  const [topicName, groupId] = [await topic(partitions), name('group')]
  for (let partition = 0; partition < partitions; partition++)
    await produce(
      topicName,
      partition,
      Array.from({ length: 10 }, (_, i) => `${i}`),
    )
  const at = (offset: number, partition = 0) => ({ topic: topicName, partition, offset })
  const committed = async (partition = 0) =>
    (await harness.admin.committed(groupId, [topicName])).find((one) => one.partition === partition)?.offset
  const first = await owner(harness, topicName, groupId)
  await harness.until('the assignment', () => first.reader.owned.size === partitions)
  return { topicName, groupId, at, committed, ...first }
}

/** A member of a group, and the producer whose transactions commit its offsets. */
export interface Owner {
  readonly transactionalId: string
  readonly producer: TransactionalProducer
  readonly reader: Reader
}

export async function owner(
  harness: Harness,
  topicName: string,
  groupId: string,
  more: Parameters<Harness['reader']>[1] = {},
): Promise<Owner> {
  const { transactionalId = harness.name('transaction') } = more
  const producer = await harness.transactionalProducer({ transactionalId })
  const reader = await harness.reader([topicName], { groupId, transactionalId, ...more })
  return { transactionalId, producer, reader }
}

/** The committed offsets, without what else a driver tells of them. */
const committedBy = async ({ consumer }: Reader, partitions: readonly TopicPartition[]) =>
  (await consumer.committed(partitions)).map(({ topic, partition, offset }) => ({ topic, partition, offset }))

/** Offsets that are committed in transactions. */
export function transactionOffsetTests(declare: Declare): void {
  declare('offsets are committed with their transaction, and dropped with it', async (harness) => {
    const { topic, until } = harness
    const { at, committed, producer, reader } = await firstOwner(harness, 2)
    const start = await committed()
    const output = await topic(1)
    await send(producer, output, 0, ['x'])
    assert.equal(await reader.consumer.commitIn(producer, [at(5), at(6, 1)]), true)
    assert.equal(await committed(), start)
    await producer.commit()
    await until('the offsets', async () => (await committed()) === 5 && (await committed(1)) === 6)
    await send(producer, output, 0, ['x'])
    assert.equal(await reader.consumer.commitIn(producer, [at(9)]), true)
    await producer.abort()
    assert.deepEqual(await committedBy(reader, [at(0), at(0, 1)]), [at(5), at(6, 1)])
    // A transaction may have offsets and no records.
    assert.equal(await reader.consumer.commitIn(producer, [at(7)]), true)
    await producer.commit()
    assert.deepEqual(await committedBy(reader, [at(0)]), [at(7)])
  })

  declare('committed waits for a pending transaction', async (harness) => {
    const { name } = harness
    const { at, producer, reader } = await firstOwner(harness, 2)
    for (const [end, offset] of [
      [producer.abort, 3],
      [producer.commit, 8],
    ] as const) {
      await reader.consumer.commitIn(producer, [at(3)])
      await producer.commit()
      await reader.consumer.commitIn(producer, [at(8)])
      const found = committedBy(reader, [at(0)])
      let isFound = false
      void found.then(() => (isFound = true))
      // The other partition has nothing pending.
      await committedBy(reader, [at(0, 1)])
      await sleep(200)
      assert.ok(!isFound, 'resolved while the transaction was open')
      await end()
      assert.deepEqual(await found, [at(offset)])
    }
    const never = await harness.reader([await harness.topic(1)], { groupId: name('group') })
    await harness.until('the assignment', () => never.owned.size === 1)
    const [none = ''] = never.owned
    assert.deepEqual(await committedBy(never, [{ topic: none.split('/')[0] ?? '', partition: 0 }]), [])
  })

  declare('offsets of a generation that is over are refused; the transaction can be aborted', async (harness) => {
    const { until } = harness
    const { topicName, groupId, at, producer, reader } = await firstOwner(harness, 2)
    let member: GroupMetadata | undefined
    await reader.consumer.commitIn(
      {
        ...producer,
        async sendOffsets(group, offsets) {
          member = group
          await producer.sendOffsets(group, offsets)
        },
      },
      [at(2), at(2, 1)],
    )
    await producer.commit()
    assert.ok(member)
    assert.equal(member.groupId, groupId)
    const second = await owner(harness, topicName, groupId)
    await until('a share each', () => reader.owned.size === 1 && second.reader.owned.size === 1)
    const stale = [{ ...at(9), metadata: '' }]
    const unknown = { ...member, memberId: `${member.memberId}-unknown` }
    for (const group of [member, unknown]) {
      const error = await outcome(producer.sendOffsets(group, stale))
      assertError('KAFKA_FAILED', groupId, error)
      assert.ok([22, 25].includes((error as { cause: { errorCode: number } }).cause.errorCode))
      await producer.abort()
    }
    const mine = reader.owned.has(`${topicName}/0`) ? 0 : 1
    assert.equal(await reader.consumer.commitIn(producer, [at(4, mine)]), true)
    await producer.commit()
    const after = await committedBy(reader, [at(0), at(0, 1)])
    assert.deepEqual(new Set(after), new Set([at(4, mine), at(2, 1 - mine)]))
  })

  declare('commitIn resolves with false once a partition is lost', async (harness) => {
    const { until } = harness
    const { topicName, groupId, at, producer, reader } = await firstOwner(harness, 2)
    const second = await owner(harness, topicName, groupId)
    await until('a share each', () => reader.owned.size === 1 && second.reader.owned.size === 1)
    const [mine, other] = reader.owned.has(`${topicName}/0`) ? [0, 1] : [1, 0]
    const before = await committedBy(reader, [at(0, other)])
    assert.equal(await reader.consumer.commitIn(producer, [at(7, mine), at(7, other)]), false)
    await producer.abort()
    assert.equal(await reader.consumer.commitIn(producer, [at(6, mine)]), true)
    await producer.commit()
    assert.deepEqual(await committedBy(reader, [at(0, mine)]), [at(6, mine)])
    assert.deepEqual(await committedBy(reader, [at(0, other)]), before)
    await reader.close()
    assert.equal(await reader.consumer.commitIn(producer, [at(7, mine)]), false)
  })

  declare('a plain commit counts as well', async (harness) => {
    const { at, committed, producer, reader } = await firstOwner(harness, 1)
    await reader.consumer.commit([at(4)])
    assert.equal(await committed(), 4)
    assert.equal(await reader.consumer.commitIn(producer, [at(5)]), true)
    await producer.commit()
    assert.deepEqual(await committedBy(reader, [at(0)]), [at(5)])
  })

  declare('the group goes on behind the last transaction that was committed', async (harness) => {
    const { topic, until } = harness
    const { topicName, groupId, at, producer, reader } = await firstOwner(harness, 1)
    const output = await topic(1)
    await until('all records', () => reader.records.length === 10)
    for (const [offset, end] of [
      [3, producer.commit],
      [6, producer.abort],
    ] as const) {
      await send(producer, output, 0, [`up to ${offset}`])
      assert.equal(await reader.consumer.commitIn(producer, [at(offset)]), true)
      await end()
    }
    await reader.close()
    const next = await owner(harness, topicName, groupId)
    await until('the rest', () => next.reader.records.length >= 7)
    assert.deepEqual(
      next.reader.values(),
      Array.from({ length: 7 }, (_, i) => `${i + 3}`),
    )
  })

  declare('a consumer for transactions needs a group, and commitIn a transactional id', async (harness) => {
    const { topic, consumer, reader, until, transactionalProducer, name } = harness
    const topicName = await topic(1)
    const transactionalId = name('transaction')
    await rejects('USAGE', transactionalId, () => consumer([topicName], { groupId: null, transactionalId }))
    const producer = await transactionalProducer()
    const plain = await reader([topicName])
    await until('the assignment', () => plain.owned.size === 1)
    await rejects('USAGE', 'transactionalId', () =>
      plain.consumer.commitIn(producer, [{ topic: topicName, partition: 0, offset: 0 }]),
    )
  })
}
