import assert from 'node:assert/strict'
import { partitionKey } from '../driver/topic-partition.ts'
import type { Declare, Harness } from './harness.ts'
import { rejects } from './rejects.ts'

const has = (held: ReadonlySet<string>, topic: string, partition: number) =>
  held.has(partitionKey({ topic, partition }))
const numbers = (n: number, prefix = 'v') => Array.from({ length: n }, (_, i) => `${prefix}${i}`)

export function groupTests(declare: Declare): void {
  declare('two consumers of one group with a topic each: all records of both are read', async (harness) => {
    const { topic, produce, reader, until, name } = harness
    const [a, b, groupId] = [await topic(2), await topic(2), name('group')]
    for (const partition of [0, 1]) {
      await produce(a, partition, numbers(10, 'a'))
      await produce(b, partition, numbers(10, 'b'))
    }
    const ofA = await reader([a], { groupId })
    const ofB = await reader([b], { groupId })
    const seen = (records: typeof ofA.records) => new Set(records.map((r) => `${r.topic}:${r.partition}:${r.offset}`))
    await until('all records', () => seen(ofA.records).size === 20 && seen(ofB.records).size === 20)
    assert.ok(ofA.records.every((r) => r.topic === a))
    assert.ok(ofB.records.every((r) => r.topic === b))
  })

  declare('one consumer of several topics, by name and by pattern', async (harness) => {
    const { topic, produce, reader, until } = harness
    const [a, b, other] = [await topic(1), await topic(1), await topic(1)]
    for (const one of [a, b, other]) await produce(one, 0, [one])
    const tail = b.slice(-20)
    const { values, records } = await reader([a, new RegExp(`${tail}$`, 'g')])
    await until('both records', () => records.length === 2)
    assert.deepEqual(new Set(values()), new Set([a, b]))
  })

  declare('a member may take up to the largest rebalance time-out of Kafka to hand over', async (harness) => {
    const { topic, produce, reader, until, name } = harness
    const [topicName, groupId] = [await topic(2), name('group')]
    const settings = { groupId, rebalanceTimeoutMs: 2 ** 31 - 1 }
    const first = await reader([topicName], settings)
    await until('the first assignment', () => first.owned.size === 2)
    const second = await reader([topicName], settings)
    await until('a share each', () => first.owned.size === 1 && second.owned.size === 1)
    for (const partition of [0, 1]) await produce(topicName, partition, ['x'])
    await until('both records', () => first.records.length + second.records.length === 2)
    assert.deepEqual([first.error(), second.error()], [undefined, undefined])
  })

  declare('shares the partitions of a topic among the members', async (harness) => {
    const { produce, reader, until } = harness
    const { topicName, groupId, first } = await firstMember(harness, 4)
    const second = await reader([topicName], { groupId })
    await until('a share each', () => first.owned.size === 2 && second.owned.size === 2)
    for (const partition of [0, 1, 2, 3]) await produce(topicName, partition, ['x'])
    await until('all records', () => first.records.length + second.records.length === 4)
    await first.close()
    await until('the rest', () => second.owned.size === 4)
  })

  declare('a member without a partition is told so, and takes over when another goes', async (harness) => {
    const { produce, reader, until } = harness
    const { topicName, groupId, first } = await firstMember(harness, 1)
    const second = await reader([topicName], { groupId })
    await until('word to both', () => second.events.includes('assigned') && first.owned.size + second.owned.size === 1)
    const [owner, idle] = first.owned.size === 1 ? [first, second] : [second, first]
    assert.equal(owner.owned.size + idle.owned.size, 1)
    await owner.close()
    await until('the partition', () => idle.owned.size === 1)
    await produce(topicName, 0, ['x'])
    await until('the record', () => idle.records.length === 1)
  })

  declare('co-partitioned topics are assigned together while members come and go', async (harness) => {
    const { topic, produce, reader, until, name } = harness
    const [a, b, alone, groupId] = [await topic(4), await topic(4), await topic(3), name('group')]
    const all = [a, b, alone].flatMap((one) => [0, 1, 2, 3].map((partition) => partitionKey({ topic: one, partition })))
    all.pop()
    const torn: string[] = []
    const join = async () => {
      const held = new Set<string>()
      const look = () => {
        for (const n of [0, 1, 2, 3]) if (has(held, a, n) !== has(held, b, n)) torn.push(`partition ${n}`)
      }
      // Recorded at the event itself, so that no moment is missed.
      return reader([a, b, alone], {
        groupId,
        copartitioned: [[b, a]],
        async assigned(partitions) {
          for (const at of partitions) held.add(partitionKey(at))
          look()
        },
        async revoked(partitions) {
          for (const at of partitions) held.delete(partitionKey(at))
          look()
        },
      })
    }
    const members = [await join()]
    const shared = () => {
      const owned = members.flatMap((member) => [...member.owned])
      return owned.length === all.length && all.every((at) => owned.includes(at))
    }
    const sizes = () => members.map((member) => member.owned.size).sort((x, y) => x - y)
    await until('all of it', shared)
    members.push(await join())
    await until('a share each', () => shared() && (sizes()[0] ?? 0) >= 5)
    members.push(await join())
    await until('a share for three', () => shared() && (sizes()[0] ?? 0) >= 3)
    await members.shift()?.close()
    await until('the rest for two', () => shared() && (sizes()[0] ?? 0) >= 5)
    for (const one of [a, b]) for (const n of [0, 1, 2, 3]) await produce(one, n, [`${n}`])
    await until('all records', () => members.flatMap(({ records }) => records).length === 8)
    for (const { records } of members)
      for (const n of ['0', '1', '2', '3'])
        assert.notEqual(records.filter(({ value }) => value === n).length, 1, 'one member has both')
    assert.deepEqual(torn, [])
  })

  declare('co-partitioned topics with different numbers of partitions are refused by name', async (harness) => {
    const { topic, consumer } = harness
    const [a, b] = [await topic(2), await topic(3)]
    await rejects('USAGE', 'co-partitioned need the same number', async () =>
      (await consumer([a, b], { copartitioned: [[a, b]] })).poll(),
    )
  })

  declare('each group reads all records, whatever other groups read', async ({ topic, produce, reader, until }) => {
    const topicName = await topic(1)
    await produce(topicName, 0, numbers(3))
    const readers = [await reader([topicName]), await reader([topicName])]
    await until('all records, twice', () => readers.every(({ records }) => records.length === 3))
  })

  declare('without a group each consumer reads every partition, and nothing is committed', async (harness) => {
    const { admin, topic, produce, reader, until } = harness
    const topicName = await topic(3)
    for (const partition of [0, 1, 2]) await produce(topicName, partition, numbers(5))
    const readers = [await reader([topicName], { groupId: null }), await reader([topicName], { groupId: null })]
    await until('all records, twice', () => readers.every(({ records }) => records.length === 15))
    for (const { events, owned, consumer } of readers) {
      assert.deepEqual(events, ['assigned'])
      assert.equal(owned.size, 3)
      await consumer.commit([{ topic: topicName, partition: 0, offset: 1 }])
    }
    const again = await reader([topicName], { groupId: null })
    await until('all records again', () => again.records.length === 15)
    assert.deepEqual(await admin.committed('null', [topicName]), [])
  })
}

/** A topic with as many partitions, and the first member of a group, which has all of them. */
async function firstMember({ topic, reader, until, name }: Harness, partitions: number) {
  const [topicName, groupId] = [await topic(partitions), name('group')]
  const first = await reader([topicName], { groupId })
  await until('the first assignment', () => first.owned.size === partitions)
  return { topicName, groupId, first }
}
