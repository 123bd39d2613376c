import type { ConsumerSettings, TopicPartition } from './driver.ts'
import { nothingCommitted } from './driver-error.ts'

/** The offset at which reading of a partition starts. */
export interface StartOffset {
  readonly offset: number
  /**
   * Whether the offset is not committed and would be another one at the next look-up. It must be committed before the
   * partition changes its owner, or the next owner starts behind records that were not handled.
   */
  readonly uncommitted: boolean
}

/** The offsets of a partition that can be read now. */
interface PartitionRange {
  readonly earliest: number
  readonly latest: number
  /** The first offset with at least this timestamp, or `latest`. */
  atTimestamp(timestamp: number): number
}

/** The offset at which reading of a partition starts. Throws `OFFSET_OUT_OF_RANGE` for `autoOffsetReset: 'error'`. */
export function startOffset(
  settings: Pick<ConsumerSettings, 'startOffset' | 'autoOffsetReset' | 'groupId'>,
  { topic, partition }: TopicPartition,
  committed: number | undefined,
  { earliest, latest, atTimestamp }: PartitionRange,
): StartOffset {
  if (committed !== undefined) return { offset: committed, uncommitted: false }
  const asked = settings.startOffset?.(topic, partition)
  if (typeof asked === 'object') return { offset: atTimestamp(asked.timestamp), uncommitted: true }
  if (asked !== undefined) return { offset: asked < 0 ? Math.max(earliest, latest + asked) : asked, uncommitted: true }
  if (settings.autoOffsetReset === 'error') throw nothingCommitted(settings.groupId, topic, partition)
  return settings.autoOffsetReset === 'earliest'
    ? { offset: earliest, uncommitted: false }
    : { offset: latest, uncommitted: true }
}
