import type { Headers } from '@snapstream/core'
import { readDeadLetterHeaders } from '../record/dead-letter-record.ts'
import type { DeadLetterOrigin } from '../record/dead-letter-record.ts'
import type { RawTopicRecord } from '../record/topic-record.ts'

/** A failed record as it was where it failed, and what its dead letter says of it. */
export interface DeadLetter {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Those that the record had; what the dead letter added is in the other fields. */
  readonly headers: Headers
  /** All that the record had, as a record batch has them, where `headers` lacks some that cannot be read. */
  readonly headerBytes?: Uint8Array
  /** In ms since the epoch; -1 for none. Beyond 2^53 it is the nearest number, and `exactTimestamp` is there. */
  readonly timestamp: number
  readonly exactTimestamp?: bigint
  /** Where it was read first; undefined for what was no record of a topic, or was not written by Snapstream. */
  readonly origin: DeadLetterOrigin | undefined
  /**
   * Only where it stands for records that could not be read at all: the offset behind them. The value is the batch of
   * Kafka's log that they are in; it is not sent back as a record.
   */
  readonly nextOffset: number | undefined
  /** The code of the error, as of `SnapstreamError`; `HANDLER_FAILED` for other errors. */
  readonly code: string | undefined
  /** What the error said; cut where it is longer than 1024 bytes. */
  readonly message: string | undefined
  /** The name of the binding that failed. */
  readonly binding: string | undefined
  /** How often it was tried before it became a dead letter. */
  readonly attempts: number | undefined
  /** The record of the dead letter topic. */
  readonly record: RawTopicRecord
}

/**
 * What a record of a dead letter topic says: the record as it was where it failed, and why. Read the topic with `BytesCodec()`
 * for key and value, and `tombstones: true`. Never throws: a record that is no dead letter has no `origin` and no `code`.
 * Records of another topic are not to be asked: their headers are whatever somebody wrote.
 */
export function deadLetterOf(record: RawTopicRecord): DeadLetter {
  // A dead letter has no headers that cannot be read: this is something else.
  const { original, originalBytes, timestamp, ...said } = readDeadLetterHeaders(
    record.headerBytes ? [] : record.headers,
  )
  const headerBytes = record.headerBytes ?? originalBytes
  const time = timestamp ?? record.exactTimestamp ?? record.timestamp
  return {
    key: record.key,
    value: record.value,
    headers: record.headerBytes ? record.headers : original,
    ...(headerBytes && { headerBytes }),
    timestamp: Number(time),
    ...(typeof time === 'bigint' && { exactTimestamp: time }),
    ...said,
    record,
  }
}
