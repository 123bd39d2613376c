import type { TopicPartition } from './driver.ts'

export interface Subscriber {
  readonly id: string
  readonly topics: ReadonlySet<string>
}

/**
 * Shares out partitions among the members of a group: each goes to a member that subscribed to its topic, to the one
 * that has the fewest so far. The same members and topics always give the same answer.
 */
export function assignPartitions(
  members: readonly Subscriber[],
  partitionsOf: (topic: string) => number,
): Map<string, TopicPartition[]> {
  const sorted = members.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const assignment = new Map<string, TopicPartition[]>(sorted.map(({ id }) => [id, []]))
  const topics = [...new Set(members.flatMap((member) => [...member.topics]))].sort()
  for (const topic of topics) {
    const shares = sorted.filter((member) => member.topics.has(topic)).map(({ id }) => assignment.get(id) ?? [])
    for (let partition = 0; partition < partitionsOf(topic); partition++) {
      const share = shares.reduce((least, next) => (next.length < least.length ? next : least))
      share.push({ topic, partition })
    }
  }
  return assignment
}
