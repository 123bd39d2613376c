import { SnapstreamError } from '@snapstream/core'
import type { ErrorCode } from '@snapstream/core'
import type { TopicPartition } from '../driver/driver.ts'
import type { Int64 } from '../driver/int64.ts'
import { readExactInt64 } from './read-int64.ts'

/** A part of a partition that cannot be read: a batch of the log, or what follows in it. It stands for one record. */
export interface Gap {
  readonly error: SnapstreamError
  /** Where it begins, no lower than where reading began. */
  readonly offset: number
  readonly nextOffset: number
  /** The batch as it stands in the log. */
  readonly batch: Buffer
  /** The highest of its records, as it says; -1 for none. */
  readonly timestamp: Int64
}

/** The places in a partition that a gap takes. */
export interface GapRange extends TopicPartition {
  readonly offset: number
  readonly nextOffset: number
}

/** `why` completes "cannot be read:". */
export function gapOf(range: GapRange, batch: Buffer, code: ErrorCode, why: string, cause?: unknown): Gap {
  const { topic, partition, offset, nextOffset } = range
  const last = nextOffset - 1
  const offsets = last > offset ? `offsets ${offset} to ${last}` : `offset ${offset}`
  const message =
    `${offsets} of partition ${partition} of ${JSON.stringify(topic)} cannot be read: ${why}; onError decides about it as ` +
    `about one record, and reading goes on at offset ${nextOffset}`
  const error = new SnapstreamError(code, message, {
    topic,
    partition,
    offset,
    nextOffset,
    ...(cause !== undefined && { cause }),
  })
  const timestamp = batch.length >= MAX_TIMESTAMP_AT + 8 ? readExactInt64(batch, MAX_TIMESTAMP_AT) : -1
  return { error, offset, nextOffset, batch, timestamp }
}

const MAX_TIMESTAMP_AT = 35
