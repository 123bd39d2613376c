import type { DriverAdmin } from './driver-admin.ts'
import type { IsolationLevel, TopicPartition } from './topic-partition.ts'

/** The offsets of a partition that can be read. */
export interface PartitionBounds extends TopicPartition {
  /** The first offset that can be read. */
  readonly earliest: number
  /** The offset behind the last record. */
  readonly latest: number
}

/**
 * The bounds of all partitions of a topic, in order. Rejects with `TOPIC_MISSING`.
 *
 * @param isolationLevel `'read_committed'`: `latest` is the start of the first open transaction; default `'read_uncommitted'`
 */
export async function partitionBounds(
  admin: DriverAdmin,
  topic: string,
  isolationLevel?: IsolationLevel,
): Promise<readonly PartitionBounds[]> {
  const [earliest, latest] = await Promise.all([
    admin.offsets(topic, 'earliest'),
    admin.offsets(topic, 'latest', isolationLevel),
  ])
  return earliest.map(({ partition, offset }, i) => ({
    topic,
    partition,
    earliest: offset,
    // The two answers come from different moments: retention in between must not make the range negative.
    latest: Math.max(offset, latest[i]?.offset ?? offset),
  }))
}
