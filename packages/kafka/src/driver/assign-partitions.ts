import { unitsOf } from './copartitioned.ts'
import type { TopicSet, Unit } from './copartitioned.ts'
import type { TopicPartition } from './driver.ts'
import { partitionKey } from './topic-partition.ts'

/** A member of a group, as the assignor needs to know it. */
export interface Subscriber {
  readonly id: string
  readonly topics: ReadonlySet<string>
  /** The partitions that it owns, and keeps where that is fair. @default none */
  readonly owned?: readonly TopicPartition[]
  /** The generation in which it was assigned those: of two owners of a partition the later one is right. @default -1 */
  readonly generationId?: number
  /** Sets of topics: it wants partition n of each topic of a set, or of none. @default none */
  readonly copartitioned?: readonly TopicSet[]
}

/** The partitions of each member, by the id of the member. */
export type Shares = ReadonlyMap<string, readonly TopicPartition[]>

/**
 * Assigns partitions to the members of a group: each goes to the member with the fewest so far that subscribed to its topic.
 * Partitions of co-partitioned topics go together. Members keep what they own, unless a move makes the shares of two of them
 * more equal. The same members and topics always give the same answer.
 */
export function assignPartitions(members: readonly Subscriber[], partitionsOf: (topic: string) => number): Shares {
  const shares = members
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, topics }): Share => ({ id, topics, units: [], size: 0 }))
  const owners = ownersOf(members)

  const leastFor = (unit: Unit): Share | undefined => {
    let least: Share | undefined
    for (const share of shares) if (covers(share, unit.topics) && (!least || share.size < least.size)) least = share
    return least
  }

  const free: Unit[] = []
  for (const unit of unitsFor(members, partitionsOf)) {
    const owner = unit.partitions.map((at) => owners.get(partitionKey(at))?.id).find((id) => id !== undefined)
    const share = shares.find(({ id, topics }) => id === owner && covers({ topics }, unit.topics))
    if (share) put(share, unit)
    else free.push(unit)
  }
  for (const unit of free) {
    const least = leastFor(unit)
    if (least) put(least, unit)
  }

  const moveOne = (): boolean => {
    for (const share of shares.toSorted((a, b) => b.size - a.size))
      for (let i = share.units.length - 1; i >= 0; i--) {
        const unit = share.units[i] as Unit
        const size = unit.partitions.length
        const least = leastFor(unit)
        if (!least || least.size + size >= share.size) continue
        share.units.splice(i, 1)
        share.size -= size
        put(least, unit)
        return true
      }
    return false
  }
  while (moveOne()) continue
  return new Map(shares.map(({ id, units }) => [id, units.flatMap(({ partitions }) => partitions)]))
}

/** The share of a member, while it is being worked out. */
interface Share extends Pick<Subscriber, 'id' | 'topics'> {
  readonly units: Unit[]
  /** In partitions. */
  size: number
}

function put(share: Share, unit: Unit): void {
  share.units.push(unit)
  share.size += unit.partitions.length
}

function covers({ topics }: Pick<Subscriber, 'topics'>, set: TopicSet): boolean {
  return set.every((topic) => topics.has(topic))
}

function unitsFor(members: readonly Subscriber[], partitionsOf: (topic: string) => number): Unit[] {
  const topics = new Set(members.flatMap((member) => [...member.topics]))
  const sets = members.flatMap(({ copartitioned = [] }) => copartitioned)
  return unitsOf(topics, sets, partitionsOf, (set) => members.some((member) => covers(member, set)))
}

/**
 * Limits shares to the partitions that members may have now; `more`: the member gets the rest once others have given it up. A
 * partition is assigned to another member only when its owner has handed it over, and the other partitions of its unit wait
 * for it.
 */
export function withholdOwned(
  members: readonly Subscriber[],
  shares: Shares,
  partitionsOf: (topic: string) => number,
): Map<string, { readonly partitions: readonly TopicPartition[]; readonly more: boolean }> {
  const owners = ownersOf(members)
  const units = new Map<string, Unit>()
  for (const unit of unitsFor(members, partitionsOf))
    for (const at of unit.partitions) units.set(partitionKey(at), unit)
  return new Map(
    [...shares].map(([id, share]) => {
      const isFree = (at: TopicPartition) => (owners.get(partitionKey(at))?.id ?? id) === id
      const partitions = share.filter((at) => (units.get(partitionKey(at))?.partitions ?? [at]).every(isFree))
      return [id, { partitions, more: partitions.length < share.length }]
    }),
  )
}

/** The owner of each partition. Of two that claim it in the same generation, neither is believed. */
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
