import type { ConsumerSettings, TopicPartition } from '../../driver/driver.ts'
import { partitionMissing } from '../../driver/driver-error.ts'
import { refuseUnequal } from '../../driver/copartitioned.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { listTopics } from '../cluster/list-topics.ts'

/**
 * The topics that settings name, or mean with a pattern. Throws `TOPIC_MISSING`, and `USAGE` for co-partitioned topics with
 * different numbers of partitions.
 */
export async function subscribe(cluster: Cluster, settings: ConsumerSettings): Promise<Set<string>> {
  const topics = new Set<string>()
  const patterns = settings.topics.filter((topic) => typeof topic !== 'string')
  for (const topic of settings.topics) if (typeof topic === 'string') topics.add(topic)
  if (patterns.length > 0)
    for (const topic of await listTopics(cluster))
      if (patterns.some((pattern) => topic.search(pattern) !== -1)) topics.add(topic)
  for (const topic of topics) await cluster.metadata.add(topic)
  refuseUnequal(settings.copartitioned ?? [], (topic) => cluster.metadata.partitions(topic).length)
  return topics
}

/** What is read without a group: all partitions there are, or only those that were asked for. */
export function partitionsToRead(
  { metadata }: Pick<Cluster, 'metadata'>,
  topics: ReadonlySet<string>,
  only: readonly TopicPartition[] | undefined,
): TopicPartition[] {
  if (only) {
    for (const at of only)
      if (metadata.leaderOf(at) === undefined)
        throw partitionMissing(at.topic, at.partition, metadata.partitions(at.topic).length)
    return only.map(({ topic, partition }) => ({ topic, partition }))
  }
  return [...topics].flatMap((topic) => metadata.partitions(topic).map(({ partition }) => ({ topic, partition })))
}
