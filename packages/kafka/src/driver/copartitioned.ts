import { SnapstreamError } from '@snapstream/core'
import type { TopicPartition } from './driver.ts'
import { partitionKey } from './topic-partition.ts'

/** Co-partitioned topics: partition n of each goes to the same member of a group. */
export type TopicSet = readonly string[]

/** Makes one set of sets that share a topic. The sets are sorted, and so is each; sets of one topic are left out. */
export function mergeSets(sets: Iterable<TopicSet>): TopicSet[] {
  let merged: Set<string>[] = []
  for (const set of sets) {
    const touching = merged.filter((known) => set.some((topic) => known.has(topic)))
    merged = merged.filter((known) => !touching.includes(known))
    merged.push(new Set([...set, ...touching.flatMap((known) => [...known])]))
  }
  return merged
    .filter(({ size }) => size > 1)
    .map((set) => [...set].sort())
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
}

/** Throws `USAGE` if topics of a set differ in their number of partitions. Topics that do not exist are not compared. */
export function refuseUnequal(sets: Iterable<TopicSet>, partitionsOf: (topic: string) => number): void {
  for (const set of mergeSets(sets)) {
    const [first, ...others] = set
      .map((topic) => ({ topic, count: partitionsOf(topic) }))
      .filter(({ count }) => count > 0)
    for (const { topic, count } of others)
      if (first !== undefined && count !== first.count)
        throw new SnapstreamError(
          'USAGE',
          `${JSON.stringify(first.topic)} has ${first.count} partitions and ${JSON.stringify(topic)} has ${count}: topics ` +
            'that are co-partitioned need the same number, as one member gets partition n of each; recreate one of them ' +
            'with the same number and write its records again, or leave copartitionedWith out',
          { topic },
        )
  }
}

/** Partitions that are assigned together: partition n of each topic of a set, or one partition alone. */
export interface Unit {
  readonly topics: readonly string[]
  readonly partitions: readonly TopicPartition[]
}

/**
 * All partitions of the topics as units, in the order of their topics. A set that no member reads as a whole cannot be kept
 * together: each of its partitions is a unit.
 */
export function unitsOf(
  topics: Iterable<string>,
  sets: Iterable<TopicSet>,
  partitionsOf: (topic: string) => number,
  isRead: (set: TopicSet) => boolean,
): Unit[] {
  const together = mergeSets(sets).filter(isRead)
  const units: Unit[] = []
  for (const topic of [...topics].sort()) {
    const set = together.find((of) => of.includes(topic)) ?? [topic]
    // A set is visited once, at its first topic.
    if (topic !== set[0]) continue
    const counts = set.map(partitionsOf)
    for (let partition = 0; partition < Math.max(...counts); partition++)
      units.push({
        topics: set,
        partitions: set.filter((_, i) => partition < (counts[i] ?? 0)).map((of) => ({ topic: of, partition })),
      })
  }
  return units
}

/**
 * The partitions that were assigned without another partition of their unit, by a leader that does not support
 * co-partitioning.
 */
export function tornApart<T extends TopicPartition>(sets: Iterable<TopicSet>, partitions: readonly T[]): T[] {
  const given = new Set(partitions.map(partitionKey))
  const merged = mergeSets(sets)
  return partitions.filter(({ topic, partition }) => {
    const set = merged.find((of) => of.includes(topic)) ?? []
    return set.some((of) => !given.has(partitionKey({ topic: of, partition })))
  })
}
