import { SnapstreamError } from '@snapstream/core'
import { groupBy, partitionKey } from '../driver/topic-partition.ts'
import type { DriverAdmin, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'

/** Where a group is in one partition. */
export interface GroupOffset extends TopicPartition {
  /** The offset it goes on from; undefined where it has committed nothing. */
  readonly committed: number | undefined
  /** The first offset that can be read. */
  readonly earliest: number
  /** The offset behind the last record. */
  readonly latest: number
  /** How many of the offsets that are there it has yet to read; undefined where it has committed nothing. */
  readonly lag: number | undefined
}

/** Where a group is in the partitions in which it has committed, and in `more`, sorted. */
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
      const range = await rangeOf(admin, topic)
      return partitions.flatMap(({ partition, offset }) => {
        const [earliest, latest] = [range.earliest[partition], range.latest[partition]]
        if (earliest === undefined || latest === undefined) return []
        // What was deleted before it was read is not there to be read.
        const lag = offset === undefined ? undefined : Math.max(0, latest - Math.max(offset, earliest))
        return { topic, partition, committed: offset, earliest, latest, lag }
      })
    }),
  )
  return rows.flat().sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

/** Kafka tells what is committed for topics that are named: all of them are asked about. */
async function committedOf(admin: DriverAdmin, groupId: string): Promise<readonly TopicPartitionOffset[]> {
  const topics = new Set(await admin.listTopics())
  for (;;)
    try {
      return await admin.committed(groupId, [...topics])
    } catch (error) {
      // One that was deleted meanwhile took what was committed with it.
      if (!isMissing(error) || !topics.delete(error.topic ?? '')) throw error
    }
}

async function rangeOf(admin: DriverAdmin, topic: string): Promise<OffsetRange> {
  try {
    return await offsetRange(admin, topic)
  } catch (error) {
    if (isMissing(error)) return { earliest: [], latest: [] }
    throw error
  }
}

/** The offsets that can be read, by partition. */
export interface OffsetRange {
  readonly earliest: readonly number[]
  readonly latest: readonly number[]
}

/** Rejects with `TOPIC_MISSING`. */
export async function offsetRange(admin: DriverAdmin, topic: string): Promise<OffsetRange> {
  const [earliest, latest] = await Promise.all([admin.offsets(topic, 'earliest'), admin.offsets(topic, 'latest')])
  return { earliest: earliest.map(({ offset }) => offset), latest: latest.map(({ offset }) => offset) }
}

function isMissing(error: unknown): error is SnapstreamError {
  return SnapstreamError.is(error) && error.code === 'TOPIC_MISSING'
}
