import { SnapstreamError } from '@snapstream/core'
import type { ErrorCode } from '@snapstream/core'
import type { Int64 } from '../driver/int64.ts'
import type { FetchedPartition } from './fetched-partition.ts'
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

const MAX_TIMESTAMP_AT = 35

/** `place`: of the batch in what was fetched, and which offsets it takes. `why` completes "cannot be read:". */
export function gapOf(
  { topic, partition, records }: FetchedPartition,
  place: { readonly start: number; readonly end: number; readonly offset: number; readonly nextOffset: number },
  code: ErrorCode,
  why: string,
  cause?: unknown,
): Gap {
  const { start, end, offset, nextOffset } = place
  const last = nextOffset - 1
  const message =
    `${last > offset ? `offsets ${offset} to ${last}` : `offset ${offset}`} of partition ${partition} of ` +
    `${JSON.stringify(topic)} cannot be read: ${why}; onError decides about it as about one record, and reading goes on at ` +
    `offset ${nextOffset}`
  const fields = { topic, partition, offset, nextOffset, ...(cause !== undefined && { cause }) }
  const batch = records.subarray(start, end)
  const timestamp = batch.length >= MAX_TIMESTAMP_AT + 8 ? readExactInt64(batch, MAX_TIMESTAMP_AT) : -1
  return { error: new SnapstreamError(code, message, fields), offset, nextOffset, batch, timestamp }
}
