import assert from 'node:assert/strict'
import { ownerMetadata } from '../driver/partition-owner.ts'
import type { TransactionalProducer } from '../driver/driver.ts'
import type { Declare, Harness } from './harness.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { assertError } from './rejects.ts'
import { firstOwner, owner } from './transaction-offset-tests.ts'
import { outcome, send } from './transaction-tests.ts'

const NOBODY = { memberId: '', generationId: -1, groupInstanceId: undefined }

/** A group without members whose only partition belongs to a producer with an open transaction: its process has died. */
async function deadOwner(harness: Harness, metadataOf: (transactionalId: string) => string) {
  const { topic, produce, transactionalProducer, name } = harness
  const [topicName, output, groupId, transactionalId] = [await topic(1), await topic(1), name('group'), name('dead')]
  await produce(topicName, 0, ['0', '1', '2', '3', '4'])
  const at = (offset: number) => ({ topic: topicName, partition: 0, offset, metadata: metadataOf(transactionalId) })
  const producer = await transactionalProducer({ transactionalId })
  await send(producer, output, 0, ['committed'])
  await producer.sendOffsets({ groupId, ...NOBODY }, [at(2)])
  await producer.commit()
  await send(producer, output, 0, ['open'])
  await producer.sendOffsets({ groupId, ...NOBODY }, [at(4)])
  return { topicName, output, groupId, transactionalId, producer }
}

/** Owners of partitions, which the metadata of committed offsets names. */
export function claimTests(declare: Declare): void {
  declare('the transaction of a dead owner is ended by the next one within a second', async (harness) => {
    const { reader, produce, until } = harness
    const { topicName, output, groupId, transactionalId, producer } = await deadOwner(harness, ownerMetadata)
    await produce(output, 0, ['behind'])
    const outputs = await reader([output], { groupId: null })
    await until('the first output', () => outputs.records.length > 0)
    const next = await owner(harness, topicName, groupId)
    const started = performance.now()
    await until('the records', () => next.reader.records.length >= 3)
    await until('what is behind the transaction', () => outputs.values().includes('behind'))
    const took = performance.now() - started
    // A new group waits for three seconds before its first assignment (group.initial.rebalance.delay.ms).
    assert.ok(took < 4500, `it took ${took} ms`)
    assert.deepEqual(next.reader.values(), ['2', '3', '4'])
    assert.deepEqual(outputs.values(), ['committed', 'behind'])
    assertError('FENCED', transactionalId, await outcome(producer.commit()))
  })

  declare('a partition whose offset has the metadata of another program has no owner', async (harness) => {
    const { until } = harness
    const { topicName, groupId, producer } = await deadOwner(harness, () => 'another program')
    const next = await owner(harness, topicName, groupId)
    // The open transaction is not fenced: the next member waits for it.
    await producer.commit()
    await until('the record', () => next.reader.records.length > 0)
    assert.deepEqual(next.reader.values(), ['4'])
  })

  declare('members come and read other partitions while one of them waits for a transaction', async (harness) => {
    const { admin, transactionalProducer, until } = harness
    const { topicName, groupId, at } = await emptyGroup(harness)
    const other = await transactionalProducer()
    await other.sendOffsets({ groupId, ...NOBODY }, [{ ...at(9), metadata: 'another program' }])
    const first = await owner(harness, topicName, groupId)
    const members = async () => (await admin.describeGroups([groupId])).get(groupId)?.members ?? []
    await until('the first member', async () => (await members()).some(({ partitions }) => partitions.length === 2))
    const second = await owner(harness, topicName, groupId)
    const readers = [first.reader, second.reader]
    await until('the other partition', () => readers.some(({ records }) => records.length === 10))
    const records = () => readers.flatMap((reader) => reader.records)
    assert.ok(records().every(({ partition }) => partition === 1))
    await other.commit()
    await until('the record behind the transaction', () => records().length === 11)
    assert.deepEqual([first.reader.error(), second.reader.error()], [undefined, undefined])
    for (const { reader, producer } of [first, second]) {
      const [mine = ''] = reader.owned
      assert.equal(await reader.consumer.commitIn(producer, [at(10, Number(mine.split('/')[1]))]), true)
      await producer.commit()
    }
  })

  declare('a consumer waits for the open transaction of its own id', async (harness) => {
    const { until, reader } = harness
    const { topicName, groupId, transactionalId, producer } = await deadOwner(harness, ownerMetadata)
    const next = await reader([topicName], { groupId, transactionalId })
    await producer.commit()
    await until('the record', () => next.records.length > 0)
    assert.deepEqual(next.values(), ['4'])
  })

  declare('a graceful hand-over fences no producer, and offsets of a commitIn in revoked are kept', async (harness) => {
    const { topic, until } = harness
    const output = await topic(1)
    let giving: TransactionalProducer | undefined
    const { topicName, groupId, at } = await emptyGroup(harness)
    const first = await owner(harness, topicName, groupId, {
      async revoked(partitions) {
        await send(giving as TransactionalProducer, output, 0, ['given up'])
        const offsets = partitions.map(({ partition }) => at(5, partition))
        assert.equal(await first.reader.consumer.commitIn(giving as TransactionalProducer, offsets), true)
        await giving?.commit()
      },
    })
    giving = first.producer
    await until('the assignment', () => first.reader.owned.size === 2)
    await send(first.producer, output, 0, ['first'])
    assert.equal(await first.reader.consumer.commitIn(first.producer, [at(2), at(2, 1)]), true)
    await first.producer.commit()
    const second = await owner(harness, topicName, groupId)
    await until('a share each', () => first.reader.owned.size === 1 && second.reader.owned.size === 1)
    const isOwn = (of: typeof first, partition: number) =>
      of.reader.owned.has(partitionKey({ topic: topicName, partition }))
    for (const of of [first, second]) {
      const mine = isOwn(of, 0) ? 0 : 1
      await send(of.producer, output, 0, ['after'])
      assert.equal(await of.reader.consumer.commitIn(of.producer, [at(7, mine)]), true)
      await of.producer.commit()
    }
    const given = second.reader.records.map(({ offset }) => offset)
    assert.equal(given[0], 5)
    assert.deepEqual([first.reader.error(), second.reader.error()], [undefined, undefined])
  })

  declare('a partition that is given up without a transaction has no owner either', async (harness) => {
    const { topic, until } = harness
    const output = await topic(1)
    const { topicName, groupId, at, producer, reader } = await firstOwner(harness, 2)
    // The transaction has records, and no offsets yet.
    await send(producer, output, 0, ['x'])
    const second = await owner(harness, topicName, groupId)
    await until('a share each', () => reader.owned.size === 1 && second.reader.owned.size === 1)
    const mine = reader.owned.has(`${topicName}/0`) ? 0 : 1
    assert.equal(await reader.consumer.commitIn(producer, [at(3, mine)]), true)
    await producer.commit()
    await send(producer, output, 0, ['x'])
    await reader.close()
    await until('the rest', () => second.reader.owned.size === 2)
    await producer.commit()
  })

  declare('a static member keeps its partitions while it is away, and comes back to them', async (harness) => {
    const { until, name } = harness
    const { topicName, groupId, at } = await emptyGroup(harness)
    const [groupInstanceId, transactionalId] = [name('instance'), name('transaction')]
    const identity = { groupInstanceId, transactionalId }
    const before = await owner(harness, topicName, groupId, identity)
    await until('the assignment', () => before.reader.owned.size === 2)
    assert.equal(await before.reader.consumer.commitIn(before.producer, [at(2), at(3, 1)]), true)
    await before.producer.commit()
    assert.equal(await before.reader.consumer.commitIn(before.producer, [at(7), at(7, 1)]), true)
    await before.reader.close()
    await before.producer.close()
    // The next producer of the id ends the transaction which the process has left open.
    const after = await owner(harness, topicName, groupId, identity)
    await until('the records', () => after.reader.records.length >= 15)
    assert.deepEqual(after.reader.records.map(({ partition, offset }) => `${partition}:${offset}`).toSorted(), [
      ...Array.from({ length: 8 }, (_, i) => `0:${i + 2}`),
      ...Array.from({ length: 7 }, (_, i) => `1:${i + 3}`),
    ])
    assert.equal(await after.reader.consumer.commitIn(after.producer, [at(8), at(8, 1)]), true)
    await after.producer.commit()
  })

  declare('the transaction of a static member that does not come back is ended by another member', async (harness) => {
    const { until, name } = harness
    const { topicName, groupId, at } = await emptyGroup(harness)
    const gone = await owner(harness, topicName, groupId, { groupInstanceId: name('instance') })
    await until('the assignment', () => gone.reader.owned.size === 2)
    assert.equal(await gone.reader.consumer.commitIn(gone.producer, [at(4), at(4, 1)]), true)
    await gone.producer.commit()
    assert.equal(await gone.reader.consumer.commitIn(gone.producer, [at(9), at(9, 1)]), true)
    await gone.reader.close()
    const next = await owner(harness, topicName, groupId)
    await until('the records', () => next.reader.records.length >= 12)
    assert.deepEqual(new Set(next.reader.records.map(({ offset }) => offset)), new Set([4, 5, 6, 7, 8, 9]))
    assertError('FENCED', gone.transactionalId, await outcome(gone.producer.commit()))
  })

  declare('close while a transaction is pending is quick, and keeps the offset', async (harness) => {
    const { until, reader } = harness
    const { topicName, groupId, at, producer, reader: first } = await firstOwner(harness, 1)
    await first.consumer.commitIn(producer, [at(3)])
    await producer.commit()
    await first.consumer.commitIn(producer, [at(8)])
    const started = performance.now()
    await first.close()
    const took = performance.now() - started
    assert.ok(took < 1500, `closing took ${took} ms`)
    await producer.commit()
    // A plain commit of the closed member would have replaced the offset of its transaction.
    const next = await reader([topicName], { groupId })
    await until('the records', () => next.records.length >= 2)
    assert.deepEqual(next.values(), ['8', '9'])
  })
}

/** A topic of two partitions with ten records each, and a group without members. */
async function emptyGroup({ topic, produce, name }: Harness) {
  const topicName = await topic(2)
  for (const partition of [0, 1])
    await produce(
      topicName,
      partition,
      Array.from({ length: 10 }, (_, i) => `${i}`),
    )
  const at = (offset: number, partition = 0) => ({ topic: topicName, partition, offset })
  return { topicName, groupId: name('group'), at }
}
