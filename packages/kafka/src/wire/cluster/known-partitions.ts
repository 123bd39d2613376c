import type { TopicPartition } from '../../driver/driver.ts'
import type { Cluster } from './cluster.ts'

/** Remembers which partitions topics had when this reader was last assigned some of them. */
export interface KnownPartitions {
  /** Takes in what there is now. */
  note(assigned: readonly TopicPartition[]): void
  /** Whether the topic was known without this partition: it has been added since. */
  isNew(at: TopicPartition): boolean
}

export function knownPartitions({ topics }: Pick<Cluster, 'topics'>, names: ReadonlySet<string>): KnownPartitions {
  const counts = new Map<string, number>()
  return {
    note(assigned) {
      for (const topic of names) {
        // Whoever leads the group may know of more than this member.
        const own = assigned.filter((at) => at.topic === topic).map(({ partition }) => partition + 1)
        counts.set(topic, Math.max(counts.get(topic) ?? 0, topics.partitions(topic).length, ...own))
      }
    },
    isNew: ({ topic, partition }) => partition >= (counts.get(topic) ?? Number.POSITIVE_INFINITY),
  }
}
