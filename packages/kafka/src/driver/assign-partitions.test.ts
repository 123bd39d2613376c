import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignPartitions, withholdOwned } from './assign-partitions.ts'
import type { Subscriber } from './subscriber.ts'
import { mergeSets, refuseUnequal, tornApart } from './copartitioned.ts'
import { partitionKey } from './topic-partition.ts'

const topics = ['a', 'b', 'c', 'd']
const members = fc
  .array(fc.subarray(topics, { minLength: 1 }), { minLength: 1, maxLength: 6 })
  .map((all) => all.map((subscribed, i) => ({ id: `member-${i}`, topics: new Set(subscribed) })))
const counts = fc.dictionary(fc.constantFrom(...topics), fc.nat(7))

test('every partition of a subscribed topic goes to one member that subscribed to it', () => {
  fc.assert(
    fc.property(members, counts, (all, partitions) => {
      const assignment = assignPartitions(all, (topic) => partitions[topic] ?? 0)
      const given = [...assignment.values()].flat().map(partitionKey)
      const subscribed = topics.filter((topic) => all.some((member) => member.topics.has(topic)))
      const expected = subscribed.flatMap((topic) =>
        Array.from({ length: partitions[topic] ?? 0 }, (_, partition) => partitionKey({ topic, partition })),
      )
      expect(new Set(given)).toEqual(new Set(expected))
      expect(given.length).toBe(expected.length)
      for (const member of all)
        for (const { topic } of assignment.get(member.id) ?? []) expect(member.topics.has(topic)).toBe(true)
    }),
  )
})

test('members with the same subscription get as many partitions, give or take one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), counts, (size, partitions) => {
      const all = Array.from({ length: size }, (_, i) => ({ id: `m${i}`, topics: new Set(topics) }))
      const shares = [...assignPartitions(all, (topic) => partitions[topic] ?? 0).values()].map((share) => share.length)
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
    }),
  )
})

test('the assignment does not depend on the order of the members', () => {
  fc.assert(
    fc.property(members, counts, (all, partitions) => {
      const of = (topic: string) => partitions[topic] ?? 0
      expect(assignPartitions(all.toReversed(), of)).toEqual(assignPartitions(all, of))
    }),
  )
})

/** Members after an earlier generation: some have left, others are new, and some claims are outdated. */
const laterMembers = fc
  .record({ all: members, counts, kept: fc.array(fc.boolean(), { maxLength: 6 }), joined: fc.nat(3) })
  .map(({ all, counts, kept, joined }) => {
    const before = assignPartitions(all, (topic) => counts[topic] ?? 0)
    const stayed: Subscriber[] = all
      .filter((_, i) => kept[i] ?? true)
      .map((member) => ({ ...member, owned: before.get(member.id) ?? [], generationId: 4 }))
    const fresh = Array.from({ length: joined }, (_, i): Subscriber => ({ id: `later-${i}`, topics: new Set(topics) }))
    return { members: [...stayed, ...fresh], partitionsOf: (topic: string) => counts[topic] ?? 0 }
  })

test('members keep the partitions they own, except those that have to move for equal shares', () => {
  fc.assert(
    fc.property(laterMembers, ({ members: later, partitionsOf }) => {
      const shares = assignPartitions(later, partitionsOf)
      const size = (id: string) => shares.get(id)?.length ?? 0
      const taker = new Map([...shares].flatMap(([id, share]) => share.map((at) => [partitionKey(at), id] as const)))
      const moved = later.flatMap(({ id, owned = [] }) =>
        owned.flatMap((at) => {
          const to = taker.get(partitionKey(at)) ?? id
          return to === id ? [] : [{ left: size(id), got: size(to) }]
        }),
      )
      // No member gives up a partition and ends with fewer than the member that got it.
      for (const { left, got } of moved) expect(left).toBeGreaterThanOrEqual(got - 1)
      // It is fair: a member that could take a partition has at most one less than its owner.
      const others = [...shares].flatMap(([, share]) =>
        share.flatMap(({ topic }) =>
          later
            .filter(({ topics: read }) => read.has(topic))
            .map(({ id }) => ({ owner: share.length, other: size(id) })),
        ),
      )
      for (const { owner, other } of others) expect(other).toBeGreaterThanOrEqual(owner - 1)
    }),
  )
})

test('no partition moves when nothing has changed', () => {
  fc.assert(
    fc.property(members, counts, (all, partitions) => {
      const of = (topic: string) => partitions[topic] ?? 0
      const before = assignPartitions(all, of)
      const again = assignPartitions(
        all.map((member) => ({ ...member, owned: before.get(member.id) ?? [], generationId: 1 })),
        of,
      )
      expect(again).toEqual(new Map([...before].map(([id, share]) => [id, expect.toSatisfy(sameAs(share))])))
    }),
  )
})

const sameAs = (share: readonly { topic: string; partition: number }[]) => (other: typeof share) =>
  other.length === share.length && new Set([...share, ...other].map(partitionKey)).size === share.length

test('a partition is not assigned to another member before its owner has given it up; the other is told that more will come', () => {
  fc.assert(
    fc.property(laterMembers, ({ members: later, partitionsOf }) => {
      const shares = assignPartitions(later, partitionsOf)
      const now = withholdOwned(later, shares, partitionsOf)
      const owner = new Map(later.flatMap(({ id, owned = [] }) => owned.map((at) => [partitionKey(at), id] as const)))
      for (const [id, share] of shares) {
        const { partitions = [], more = false } = now.get(id) ?? {}
        for (const at of partitions) expect(owner.get(partitionKey(at)) ?? id).toBe(id)
        expect(more).toBe(partitions.length < share.length)
      }
    }),
  )
})

test('of two members that claim a partition the later one is right, and of two in the same generation neither', () => {
  const claim = (id: string, generationId: number, partition: number) => ({
    id,
    topics: new Set(['a']),
    owned: [{ topic: 'a', partition }],
    generationId,
  })
  const late = [claim('old', 1, 0), claim('new', 2, 0)]
  expect(assignPartitions(late, () => 1).get('new')).toEqual([{ topic: 'a', partition: 0 }])
  const both = [claim('x', 2, 0), claim('y', 2, 0)]
  expect(
    withholdOwned(
      both,
      assignPartitions(both, () => 1),
      () => 1,
    ).get('x'),
  ).toEqual({
    partitions: [{ topic: 'a', partition: 0 }],
    more: false,
  })
})

describe('co-partitioned topics', () => {
  const sets = fc.array(fc.subarray(topics, { minLength: 2 }), { minLength: 1, maxLength: 2 })
  const group = fc.record({
    all: members,
    sets,
    count: fc.nat(7),
    others: counts,
    joined: fc.nat(3),
    old: fc.boolean(),
  })
  type Group = typeof group extends fc.Arbitrary<infer T> ? T : never

  /** All topics of a set have as many partitions. A member that reads all topics of a set names the set. */
  function given({ all, sets: wanted, count, others }: Group) {
    const merged = mergeSets(wanted)
    const partitionsOf = (topic: string) => (merged.some((set) => set.includes(topic)) ? count : (others[topic] ?? 0))
    const say = (member: Subscriber): Subscriber => ({
      ...member,
      copartitioned: wanted.filter((set) => set.every((topic) => member.topics.has(topic))),
    })
    return { members: all.map(say), partitionsOf, say }
  }
  const setsOf = (all: readonly Subscriber[]) =>
    mergeSets(all.flatMap(({ copartitioned = [] }) => copartitioned)).filter((set) =>
      all.some((member) => set.every((topic) => member.topics.has(topic))),
    )

  test('co-partitioned topics stay together, each partition has one owner, and shares differ by a set at most', () => {
    fc.assert(
      fc.property(group, (one) => {
        const { members: all, partitionsOf } = given(one)
        const shares = assignPartitions(all, partitionsOf)
        for (const share of shares.values()) expect(tornApart(setsOf(all), share)).toEqual([])
        const got = [...shares.values()].flat().map(partitionKey)
        const read = topics.filter((topic) => all.some((member) => member.topics.has(topic)))
        // If only some members read a set as a whole, these members own all of it.
        const expected = read.flatMap((topic) => Array.from({ length: partitionsOf(topic) }, (_, n) => `${topic}/${n}`))
        expect(new Set(got)).toEqual(new Set(expected))
        expect(got.length).toBe(expected.length)
        if (all.some((member) => member.topics.size < topics.length)) return
        const sizes = [...shares.values()].map((share) => share.length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(topics.length)
      }),
    )
  })

  test('co-partitioned topics are never torn apart while members join, whatever they owned, and all are assigned in the end', () => {
    fc.assert(
      fc.property(group, (one) => {
        const { members: first, partitionsOf, say } = given(one)
        // An earlier leader without co-partitioning may have assigned them.
        const before = one.old ? first.map((member) => ({ ...member, copartitioned: [] })) : first
        let owned = assignPartitions(before, partitionsOf)
        const all = [
          ...first,
          ...Array.from({ length: one.joined }, (_, i) => say({ id: `later-${i}`, topics: new Set(topics) })),
        ]
        for (let generationId = 1; ; generationId++) {
          expect(generationId).toBeLessThan(5)
          const round = all.map((member) => ({ ...member, owned: owned.get(member.id) ?? [], generationId }))
          const now = withholdOwned(round, assignPartitions(round, partitionsOf), partitionsOf)
          for (const { partitions } of now.values()) expect(tornApart(setsOf(all), partitions)).toEqual([])
          owned = new Map([...now].map(([id, { partitions }]) => [id, partitions]))
          if ([...now.values()].every(({ more }) => !more)) break
        }
        const count = topics
          .filter((topic) => all.some((member) => member.topics.has(topic)))
          .reduce((sum, topic) => sum + partitionsOf(topic), 0)
        expect([...owned.values()].flat()).toHaveLength(count)
      }),
    )
  })

  test('other topics are assigned as they would be without co-partitioned ones', () => {
    const all = [1, 2].map((n) => ({ id: `m${n}`, topics: new Set(['a', 'b', 'c']) }))
    const of = () => 4
    const apart = assignPartitions(all, of)
    const together = assignPartitions(
      all.map((member) => ({ ...member, copartitioned: [['a', 'b']] })),
      of,
    )
    const shown = (shares: typeof apart, id: string) => shares.get(id)?.map(partitionKey).join(' ')
    expect(shown(together, 'm1')).toBe('a/0 b/0 a/2 b/2 c/0 c/2')
    expect(shown(together, 'm2')).toBe('a/1 b/1 a/3 b/3 c/1 c/3')
    expect(shown(apart, 'm1')).toBe('a/0 a/2 b/0 b/2 c/0 c/2')
  })

  test('co-partitioned topics with different numbers of partitions are refused by name', () => {
    const of = (topic: string) => ({ orders: 4, customers: 6, gone: 0 })[topic] ?? 4
    expect(() =>
      refuseUnequal(
        [
          ['orders', 'gone'],
          ['returns', 'orders'],
        ],
        of,
      ),
    ).not.toThrow()
    expect(() => refuseUnequal([['orders', 'customers']], of)).toThrow(
      '"customers" has 6 partitions and "orders" has 4: topics that are co-partitioned need the same number',
    )
  })
})
