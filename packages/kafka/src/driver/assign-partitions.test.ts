import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { assignPartitions } from './assign-partitions.ts'
import { partitionKey } from './partition-key.ts'

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

test('members with the same subscription get as many, one more or less', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), counts, (size, partitions) => {
      const all = Array.from({ length: size }, (_, i) => ({ id: `m${i}`, topics: new Set(topics) }))
      const shares = [...assignPartitions(all, (topic) => partitions[topic] ?? 0).values()].map((share) => share.length)
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
    }),
  )
})

test('does not depend on the order of the members', () => {
  fc.assert(
    fc.property(members, counts, (all, partitions) => {
      const of = (topic: string) => partitions[topic] ?? 0
      expect(assignPartitions(all.toReversed(), of)).toEqual(assignPartitions(all, of))
    }),
  )
})
