import type { ConsumerSettings, TopicPartition } from './driver.ts'
import { nothingCommitted } from './driver-error.ts'

export interface StartOffset {
  readonly offset: number
  /**
   * The offset is not committed and would be another one if it was asked for again: it has to be committed before the
   * partition can change hands, or the next owner starts after records that nobody has handled.
   */
  readonly passing: boolean
}

/** What can be read of a partition now. */
interface PartitionRange {
  readonly earliest: number
  readonly latest: number
  /** The first offset with at least this timestamp, or `latest`. */
  atTimestamp(timestamp: number): number
}

/** Where reading of a partition starts. */
export function startOffset(
  settings: Pick<ConsumerSettings, 'startOffset' | 'autoOffsetReset' | 'groupId'>,
  { topic, partition }: TopicPartition,
  committed: number | undefined,
  { earliest, latest, atTimestamp }: PartitionRange,
): StartOffset {
  if (committed !== undefined) return { offset: committed, passing: false }
  const asked = settings.startOffset?.(topic, partition)
  if (typeof asked === 'object') return { offset: atTimestamp(asked.timestamp), passing: true }
  if (asked !== undefined) return { offset: asked < 0 ? Math.max(earliest, latest + asked) : asked, passing: true }
  if (settings.autoOffsetReset === 'error') throw nothingCommitted(settings.groupId, topic, partition)
  return settings.autoOffsetReset === 'earliest'
    ? { offset: earliest, passing: false }
    : { offset: latest, passing: true }
}
