import type { ConsumerSettings, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { groupBy } from '../driver/group-by.ts'
import { partitionKey } from '../driver/partition-key.ts'
import { startOffset } from '../driver/start-offset.ts'
import { listOffsets } from './cluster-topics.ts'
import type { KafkaCluster } from './internals.ts'

/** Where to start in each of the partitions, as numbers: KafkaJS knows no other place than a number that is safe. */
export async function startOffsets(
  cluster: KafkaCluster,
  settings: ConsumerSettings,
  partitions: readonly TopicPartition[],
): Promise<{ readonly at: TopicPartitionOffset; readonly passing: boolean }[]> {
  if (partitions.length === 0) return []
  const committed = offsetsByKey(
    settings.groupId === null ? [] : await committedOffsets(cluster, settings.groupId, partitions),
  )
  const unknown = partitions.filter((at) => !committed.has(partitionKey(at)))
  const [earliest, latest] = await Promise.all(
    unknown.length === 0
      ? []
      : (['earliest', 'latest'] as const).map(async (at) => offsetsByKey(await listOffsets(cluster, unknown, at))),
  )
  return partitions.map(({ topic, partition }) => {
    const key = partitionKey({ topic, partition })
    const range = [earliest?.get(key) ?? 0, latest?.get(key) ?? 0] as const
    const { offset, passing } = startOffset(settings, { topic, partition }, committed.get(key), ...range)
    return { at: { topic, partition, offset }, passing }
  })
}

const offsetsByKey = (offsets: readonly TopicPartitionOffset[]) =>
  new Map(offsets.map((at) => [partitionKey(at), at.offset]))

export async function committedOffsets(
  cluster: KafkaCluster,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<TopicPartitionOffset[]> {
  const coordinator = await cluster.findGroupCoordinator({ groupId })
  const topics = [...groupBy(partitions, ({ topic }) => topic)].map(([topic, of]) => ({
    topic,
    partitions: of.map(({ partition }) => ({ partition })),
  }))
  const { responses } = await coordinator.offsetFetch({ groupId, topics })
  return responses.flatMap(({ topic, partitions }) =>
    partitions
      .map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) }))
      .filter(({ offset }) => offset >= 0),
  )
}
