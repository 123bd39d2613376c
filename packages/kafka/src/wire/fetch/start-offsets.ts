import type { ConsumerSettings, TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { groupBy } from '../../driver/group-by.ts'
import { partitionKey } from '../../driver/partition-key.ts'
import { startOffset } from '../../driver/start-offset.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { committedOffsets } from '../group/committed-offsets.ts'
import { listOffsets } from './list-offsets.ts'

/** Where to start in each of the partitions, as numbers. */
export async function startOffsets(
  cluster: Cluster,
  settings: ConsumerSettings,
  partitions: readonly TopicPartition[],
): Promise<{ readonly at: TopicPartitionOffset; readonly passing: boolean }[]> {
  const { groupId } = settings
  const committed = offsetsByKey(groupId === null ? [] : await committedOffsets(cluster, groupId, partitions))
  const unknown = partitions.filter((at) => !committed.has(partitionKey(at)))
  const [earliest, latest, atTimestamp] = await Promise.all([
    offsetsAt(cluster, settings, unknown, 'earliest'),
    offsetsAt(cluster, settings, unknown, 'latest'),
    timestampOffsets(cluster, settings, unknown),
  ])
  return partitions.map(({ topic, partition }) => {
    const key = partitionKey({ topic, partition })
    const { offset, passing } = startOffset(settings, { topic, partition }, committed.get(key), {
      earliest: earliest.get(key) ?? 0,
      latest: latest.get(key) ?? 0,
      atTimestamp: () => atTimestamp.get(key) ?? 0,
    })
    return { at: { topic, partition, offset }, passing }
  })
}

type OffsetsByKey = ReadonlyMap<string, number>

const offsetsByKey = (offsets: readonly TopicPartitionOffset[]): OffsetsByKey =>
  new Map(offsets.map((at) => [partitionKey(at), at.offset]))

async function offsetsAt(
  cluster: Cluster,
  { isolationLevel }: ConsumerSettings,
  partitions: readonly TopicPartition[],
  at: 'earliest' | 'latest' | number,
): Promise<OffsetsByKey> {
  if (partitions.length === 0) return new Map()
  return offsetsByKey(await listOffsets(cluster, partitions, at, isolationLevel === 'read_committed'))
}

/** The partitions that start at a timestamp, each timestamp asked for once. */
async function timestampOffsets(
  cluster: Cluster,
  settings: ConsumerSettings,
  partitions: readonly TopicPartition[],
): Promise<OffsetsByKey> {
  const byTimestamp = groupBy(partitions, ({ topic, partition }) => {
    const start = settings.startOffset?.(topic, partition)
    return typeof start === 'object' ? start.timestamp : undefined
  })
  const found = await Promise.all(
    [...byTimestamp].map(async ([timestamp, of]) =>
      timestamp === undefined ? [] : [...(await offsetsAt(cluster, settings, of, timestamp))],
    ),
  )
  return new Map(found.flat())
}
