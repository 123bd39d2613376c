import assert from 'node:assert/strict'
import type { ConsumerSettings } from '../driver/driver.ts'
import type { Declare, Harness } from './harness.ts'
import { record } from './harness.ts'
import { assertError, assertWritten } from './rejects.ts'

const sorted = (values: readonly (string | null)[]) => values.map(String).sort((a, b) => (a < b ? -1 : 1))
const abc = ['a', 'b', 'c', 'd', 'e']

async function read(harness: Harness, count: number, topics: readonly string[], more: Partial<ConsumerSettings>) {
  const reader = await harness.reader(topics, more)
  await harness.until(`${count} records`, () => reader.records.length >= count || reader.error())
  const values = reader.values()
  await reader.close()
  if (reader.error()) throw reader.error()
  return values
}

export function offsetTests(declare: Declare): void {
  declare('a group goes on from its committed offset', async (harness) => {
    const { admin, topic, produce, name, reader, until } = harness
    const [topicName, groupId] = [await topic(2), name('group')]
    await produce(topicName, 0, abc)
    await produce(topicName, 1, abc)
    const first = await reader([topicName], { groupId })
    await until('all records', () => first.records.length === 10)
    await first.consumer.commit([
      { topic: topicName, partition: 0, offset: 3 },
      { topic: topicName, partition: 1, offset: 5 },
    ])
    await first.close()
    assert.deepEqual(await admin.committed(groupId, [topicName]), [
      { topic: topicName, partition: 0, offset: 3 },
      { topic: topicName, partition: 1, offset: 5 },
    ])
    assert.deepEqual(await read(harness, 2, [topicName], { groupId, autoOffsetReset: 'error' }), ['d', 'e'])
  })

  declare('startOffset: from the start, from the end, only without a committed offset', async (harness) => {
    const { topic, produce, name, reader, until } = harness
    const topicName = await topic(1)
    await produce(topicName, 0, abc)
    for (const groupId of [name('group'), null]) {
      const from = (offset: number) => ({ groupId: groupId && name('group'), startOffset: () => offset })
      assert.deepEqual(await read(harness, 2, [topicName], from(3)), ['d', 'e'])
      assert.deepEqual(await read(harness, 1, [topicName], from(-1)), ['e'])
      assert.deepEqual(await read(harness, 5, [topicName], from(-100)), abc)
      assert.deepEqual(await read(harness, 5, [topicName], from(0)), abc)
    }
    const groupId = name('group')
    const first = await reader([topicName], { groupId })
    await until('all records', () => first.records.length === 5)
    await first.consumer.commit([{ topic: topicName, partition: 0, offset: 2 }])
    await first.close()
    assert.deepEqual(await read(harness, 3, [topicName], { groupId, startOffset: () => 0 }), ['c', 'd', 'e'])
  })

  declare('startOffset may leave a partition to autoOffsetReset', async (harness) => {
    const { topic, produce } = harness
    const topicName = await topic(2)
    await produce(topicName, 0, abc)
    await produce(topicName, 1, abc)
    const startOffset = (_: string, partition: number) => (partition === 0 ? 4 : undefined)
    assert.deepEqual(sorted(await read(harness, 6, [topicName], { startOffset })), ['a', 'b', 'c', 'd', 'e', 'e'])
  })

  declare('startOffset: from the first record with at least a timestamp', async (harness) => {
    const { admin, topic, producer, name } = harness
    const topicName = await topic(1)
    // Timestamps out of order: the first record that is late enough counts, not the closest one.
    const records = [1000, 3000, 2000, 4000].map((timestamp) => record(String(timestamp), { timestamp }))
    // Two records a batch: the offset is that of the record, not of its batch.
    for (const one of [records.slice(0, 2), records.slice(2)])
      assertWritten(await producer.send([{ topic: topicName, partition: 0, records: one }]))
    const offsetsAt = async (timestamp: number) => (await admin.offsets(topicName, timestamp))[0]?.offset
    assert.deepEqual(await Promise.all([0, 1000, 1500, 3001, 4001].map(offsetsAt)), [0, 0, 1, 3, 4])
    for (const grouped of [true, false]) {
      const from = (timestamp: number) => ({
        groupId: grouped ? name('group') : null,
        startOffset: () => ({ timestamp }),
      })
      assert.deepEqual(await read(harness, 3, [topicName], from(1001)), ['3000', '2000', '4000'])
      assert.deepEqual(await read(harness, 1, [topicName], from(3001)), ['4000'])
      assert.deepEqual(await read(harness, 4, [topicName], from(0)), ['1000', '3000', '2000', '4000'])
    }
    const late = await harness.reader([topicName], { startOffset: () => ({ timestamp: 5000 }) })
    await harness.until('the assignment', () => late.owned.size === 1)
    assertWritten(await producer.send([{ topic: topicName, partition: 0, records: [record('new')] }]))
    await harness.until('the new record', () => late.records.length > 0)
    assert.deepEqual(late.values(), ['new'])
  })

  declare('offsets: where a topic begins and ends, for readers of either isolation', async (harness) => {
    const { admin, topic, produce } = harness
    const topicName = await topic(2)
    await produce(topicName, 1, abc)
    const offsets = async (...how: ['earliest' | 'latest', ConsumerSettings['isolationLevel']?]) =>
      (await admin.offsets(topicName, ...how)).map(({ partition, offset }) => [partition, offset])
    assert.deepEqual(await offsets('earliest', 'read_committed'), [
      [0, 0],
      [1, 0],
    ])
    for (const isolationLevel of ['read_committed', 'read_uncommitted', undefined] as const)
      assert.deepEqual(await offsets('latest', isolationLevel), [
        [0, 0],
        [1, 5],
      ])
  })

  declare('only: without a group, these partitions and no others', async (harness) => {
    const { topic, produce, reader, until } = harness
    const [one, other] = [await topic(3), await topic(1)]
    for (const partition of [0, 1, 2]) await produce(one, partition, [`${partition}`])
    await produce(other, 0, ['other'])
    const { records, owned, values } = await reader([one, other], {
      groupId: null,
      only: [
        { topic: one, partition: 2 },
        { topic: one, partition: 0 },
      ],
    })
    await until('both records', () => records.length >= 2)
    assert.deepEqual([...owned].toSorted(), [`${one}/0`, `${one}/2`])
    await produce(one, 1, ['not read'])
    await produce(one, 0, ['last'])
    await until('the last', () => values().includes('last'))
    assert.deepEqual(sorted(values()), ['0', '2', 'last'])
  })

  declare("autoOffsetReset 'latest' reads the records that come after the assignment", async (harness) => {
    const { topic, produce, name, reader, until } = harness
    for (const groupId of [name('group'), null]) {
      const topicName = await topic(1)
      await produce(topicName, 0, abc)
      const { records, owned, values } = await reader([topicName], { groupId, autoOffsetReset: 'latest' })
      await until('the assignment', () => owned.size === 1)
      await produce(topicName, 0, ['new'])
      await until('the new record', () => records.length > 0)
      assert.deepEqual(values(), ['new'])
    }
  })

  declare('a start that cannot be found a second time is kept for the next owner', async (harness) => {
    const { topic, produce, name, reader, until } = harness
    const [topicName, groupId] = [await topic(1), name('group')]
    await produce(topicName, 0, abc)
    const settings = { groupId, autoOffsetReset: 'latest' } as const
    const first = await reader([topicName], settings)
    await until('the assignment', () => first.owned.size === 1)
    await produce(topicName, 0, ['seen, and not committed'])
    await until('the new record', () => first.records.length === 1)
    await first.close()
    assert.deepEqual(await read(harness, 1, [topicName], settings), ['seen, and not committed'])
  })

  declare("autoOffsetReset 'error' rejects poll", async ({ topic, reader, until }) => {
    const topicName = await topic(1)
    const { error } = await reader([topicName], { autoOffsetReset: 'error' })
    await until('the error', error)
    assertError('OFFSET_OUT_OF_RANGE', topicName, error())
  })

  declare('an offset out of range is an error, unless autoOffsetReset says where to go on', async (harness) => {
    const { topic, produce, reader, until } = harness
    const topicName = await topic(1)
    await produce(topicName, 0, abc)
    const startOffset = () => 99
    const failed = await reader([topicName], { startOffset })
    await until('the error', failed.error)
    assertError('OFFSET_OUT_OF_RANGE', '99', failed.error())
    for (const groupId of [harness.name('group'), null]) {
      const reset = { groupId, startOffset, onOffsetOutOfRange: 'earliest' } as const
      assert.deepEqual(await read(harness, 5, [topicName], reset), abc)
    }
    const latest = await reader([topicName], { startOffset, onOffsetOutOfRange: 'latest' })
    await until('the assignment', () => latest.owned.size === 1)
    // The reset happens some time after the assignment. Records from before it are not read.
    let written = 0
    await until('a new record', async () => {
      await produce(topicName, 0, [`new${written++}`])
      return latest.records.length > 0
    })
    assert.ok(latest.values().every((value) => value?.startsWith('new')))
  })

  declare('assigned gets the positions where reading starts, and may answer with others', async (harness) => {
    const { topic, produce } = harness
    const topicName = await topic(2)
    await produce(topicName, 0, abc)
    await produce(topicName, 1, abc)
    for (const groupId of [harness.name('group'), null]) {
      const told: unknown[] = []
      const values = await read(harness, 6, [topicName], {
        groupId,
        startOffset: (_, partition) => partition,
        async assigned(partitions) {
          told.push(...partitions)
          return [{ topic: topicName, partition: 1, offset: 4 }]
        },
      })
      assert.deepEqual(sorted(values), ['a', 'b', 'c', 'd', 'e', 'e'])
      assert.deepEqual(told, [
        { topic: topicName, partition: 0, offset: 0 },
        { topic: topicName, partition: 1, offset: 1 },
      ])
    }
  })

  declare('an empty topic gives nothing until something is written', async (harness) => {
    const { topic, produce, reader, until } = harness
    const topicName = await topic(1)
    const { records, owned } = await reader([topicName])
    await until('the assignment', () => owned.size === 1)
    assert.equal(records.length, 0)
    await produce(topicName, 0, ['a'])
    await until('the record', () => records.length === 1)
  })
}
