import type { TopicPartition } from './driver.ts'
import { partitionKey } from './partition-key.ts'

export interface Subscriber {
  readonly id: string
  readonly topics: ReadonlySet<string>
  /** What it has, and keeps where that is fair. @default nothing */
  readonly owned?: readonly TopicPartition[]
  /** Since when it has that: of two that have the same partition the later one is right. @default -1 */
  readonly generationId?: number
}

export type Shares = ReadonlyMap<string, readonly TopicPartition[]>

/**
 * Shares out partitions among the members of a group: each goes to a member that subscribed to its topic, to the one
 * that has the fewest so far. Members keep what they own, as long as nobody has two more than another who could take one
 * of them. The same members and topics always give the same answer.
 */
export function assignPartitions(members: readonly Subscriber[], partitionsOf: (topic: string) => number): Shares {
  const sorted = members.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const shares = new Map<string, TopicPartition[]>(sorted.map(({ id }) => [id, []]))
  const shareOf = ({ id }: Subscriber) => shares.get(id) ?? []
  const owners = ownersOf(members)
  const topics = [...new Set(members.flatMap((member) => [...member.topics]))].sort()

  const leastOf = (topic: string): TopicPartition[] | undefined => {
    let least: TopicPartition[] | undefined
    for (const member of sorted)
      if (member.topics.has(topic) && (!least || shareOf(member).length < least.length)) least = shareOf(member)
    return least
  }

  const free: TopicPartition[] = []
  for (const topic of topics)
    for (let partition = 0; partition < partitionsOf(topic); partition++) {
      const at = { topic, partition }
      const owner = owners.get(partitionKey(at))
      if (owner?.topics.has(topic)) shareOf(owner).push(at)
      else free.push(at)
    }
  for (const at of free) leastOf(at.topic)?.push(at)

  const moveOne = (): boolean => {
    for (const share of [...shares.values()].sort((a, b) => b.length - a.length))
      for (let i = share.length - 1; i >= 0; i--) {
        const at = share[i] as TopicPartition
        const least = leastOf(at.topic)
        if (!least || least.length + 1 >= share.length) continue
        share.splice(i, 1)
        least.push(at)
        return true
      }
    return false
  }
  while (moveOne()) continue
  return shares
}

/**
 * Splits shares into what members may have at once, and those who get more once others have given it up: a partition is
 * handed over only when its owner knows, and has finished what is in flight.
 */
export function withholdOwned(
  members: readonly Subscriber[],
  shares: Shares,
): Map<string, { readonly partitions: readonly TopicPartition[]; readonly more: boolean }> {
  const owners = ownersOf(members)
  return new Map(
    [...shares].map(([id, share]) => {
      const partitions = share.filter((at) => (owners.get(partitionKey(at))?.id ?? id) === id)
      return [id, { partitions, more: partitions.length < share.length }]
    }),
  )
}

/** Who has which partition. Where two have the same since the same time, neither is believed. */
function ownersOf(members: readonly Subscriber[]): ReadonlyMap<string, Subscriber> {
  const owners = new Map<string, Subscriber | undefined>()
  const since = new Map<string, number>()
  for (const member of members)
    for (const at of member.owned ?? []) {
      const key = partitionKey(at)
      const { generationId = -1 } = member
      const before = since.get(key) ?? -Infinity
      if (generationId < before) continue
      owners.set(key, generationId === before ? undefined : member)
      since.set(key, generationId)
    }
  const known = new Map<string, Subscriber>()
  for (const [key, owner] of owners) if (owner) known.set(key, owner)
  return known
}
