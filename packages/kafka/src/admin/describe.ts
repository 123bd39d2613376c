import { SnapstreamError } from '@snapstream/core'
import { noSuchGroup, topicMissing } from '../driver/driver-error.ts'
import type {
  DriverAdmin,
  GroupDescription,
  PartitionDescription,
  TopicPartition,
  TopicPartitionOffset,
} from '../driver/driver.ts'
import { groupBy, partitionKey } from '../driver/topic-partition.ts'
import { partitionBounds } from '../driver/partition-bounds.ts'
import type { PartitionBounds } from '../driver/partition-bounds.ts'

/** A partition of a topic: its leader and replicas, and its offsets. */
export interface PartitionDetails extends PartitionDescription {
  /** The first offset that can be read. */
  readonly earliest: number
  /** The offset behind the last record. */
  readonly latest: number
}

/** A topic and its partitions, in order. */
export interface TopicDetails {
  /** The name of the topic. */
  readonly topic: string
  /** The partitions, in order of their numbers. */
  readonly partitions: readonly PartitionDetails[]
}

/** A consumer group: its state and members, and its offsets. */
export interface GroupDetails extends GroupDescription {
  /** The offsets in the partitions in which the group has committed, and in those assigned to its members. */
  readonly offsets: readonly GroupOffset[]
}

/** The committed offset and the lag of a group in one partition. */
export interface GroupOffset extends TopicPartition {
  /** The offset that the group reads next; undefined if it has committed nothing. */
  readonly committed: number | undefined
  /** The first offset that can be read. */
  readonly earliest: number
  /** The offset behind the last record. */
  readonly latest: number
  /** The number of offsets that the group has yet to read, without those that were deleted; undefined if it has committed nothing. */
  readonly lag: number | undefined
}

/** The partitions of a topic with their bounds. Rejects with `TOPIC_MISSING`. */
export async function describeTopic(admin: DriverAdmin, topic: string): Promise<TopicDetails> {
  const partitions = (await admin.describeTopics([topic])).get(topic)
  if (partitions === undefined) throw topicMissing(topic)
  const bounds = await partitionBounds(admin, topic)
  return {
    topic,
    partitions: partitions.map((described) => {
      const { earliest = 0, latest = 0 } = bounds[described.partition] ?? {}
      return { ...described, earliest, latest }
    }),
  }
}

/** A group with its members and offsets. Rejects with `GROUP_MISSING`. */
export async function describeGroup(admin: DriverAdmin, groupId: string): Promise<GroupDetails> {
  const described = (await admin.describeGroups([groupId])).get(groupId)
  if (described === undefined) throw noSuchGroup(groupId)
  const assigned = described.members.flatMap(({ partitions }) => partitions)
  return { ...described, offsets: await groupOffsets(admin, groupId, assigned) }
}

/** The offsets of a group in the partitions in which it has committed and in `more`, sorted by topic and partition. */
export async function groupOffsets(
  admin: DriverAdmin,
  groupId: string,
  more: readonly TopicPartition[] = [],
): Promise<GroupOffset[]> {
  const committed = await committedOf(admin, groupId)
  const all = new Map<string, TopicPartition & { readonly offset?: number }>()
  for (const at of [...more, ...committed]) all.set(partitionKey(at), at)
  const rows = await Promise.all(
    [...groupBy(all.values(), ({ topic }) => topic)].map(async ([topic, partitions]) => {
      const bounds = await boundsIfExists(admin, topic)
      return partitions.flatMap(({ partition, offset }) => {
        const of = bounds[partition]
        if (of === undefined) return []
        const { earliest, latest } = of
        const lag = offset === undefined ? undefined : Math.max(0, latest - Math.max(offset, earliest))
        return { topic, partition, committed: offset, earliest, latest, lag }
      })
    }),
  )
  return rows.flat().sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

/** The committed offsets of a group in all topics. The request names all topics, as Kafka answers only for those. */
async function committedOf(admin: DriverAdmin, groupId: string): Promise<readonly TopicPartitionOffset[]> {
  const topics = new Set(await admin.listTopics())
  for (;;)
    try {
      return await admin.committed(groupId, [...topics])
    } catch (error) {
      // A topic that was deleted since it was listed has no committed offsets any more.
      if (!isMissing(error) || !topics.delete(error.topic ?? '')) throw error
    }
}

async function boundsIfExists(admin: DriverAdmin, topic: string): Promise<readonly PartitionBounds[]> {
  try {
    return await partitionBounds(admin, topic)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function isMissing(error: unknown): error is SnapstreamError {
  return SnapstreamError.is(error) && error.code === 'TOPIC_MISSING'
}
