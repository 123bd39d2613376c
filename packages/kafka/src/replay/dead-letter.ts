import type { Headers } from '@snapstream/core'
import { readDeadLetterHeaders } from '../record/dead-letter-record.ts'
import type { DeadLetterOrigin } from '../record/dead-letter-record.ts'
import type { RawTopicRecord } from '../record/topic-record.ts'

/** A failed record as it was in its original topic, and the reason of the failure. */
export interface DeadLetter {
  /** The key of the record; null for none. */
  readonly key: Uint8Array | null
  /** The value of the record; null for a tombstone. */
  readonly value: Uint8Array | null
  /** The headers of the record, without those that the dead letter added. */
  readonly headers: Headers
  /** All headers of the record as bytes of a record batch; set only if some cannot be read. */
  readonly headerBytes?: Uint8Array
  /** In ms since the epoch; -1 for none. Beyond 2^53 it is rounded, and `exactTimestamp` is set. */
  readonly timestamp: number
  /** The exact timestamp; set only if it is beyond 2^53. */
  readonly exactTimestamp?: bigint
  /** The place of the record that failed. Undefined if the failed message was not from a topic, or another program wrote the dead letter. */
  readonly origin: DeadLetterOrigin | undefined
  /**
   * The offset behind records that could not be read, if the dead letter stands for such records; else undefined. The value is
   * then their batch in Kafka's log, which is not sent back as a record.
   */
  readonly nextOffset: number | undefined
  /** The code of a `SnapstreamError`; `HANDLER_FAILED` for other errors. */
  readonly code: string | undefined
  /** The message of the error, cut to 1024 bytes. */
  readonly message: string | undefined
  /** The name of the binding that failed. */
  readonly binding: string | undefined
  /** The number of attempts before it became a dead letter. */
  readonly attempts: number | undefined
  /** The record of the dead letter topic. */
  readonly record: RawTopicRecord
}

/**
 * Reads a record of a dead letter topic: the record as it was where it failed, and the reason. Read the topic with
 * `BytesCodec()` for key and value, and with `tombstones: true`. Never throws: for a record that is no dead letter, `origin`
 * and `code` are undefined. Use it only on dead letter topics: in other topics any client may have written such headers.
 */
export function deadLetterOf(record: RawTopicRecord): DeadLetter {
  // Headers of a dead letter can always be read. A record with unreadable headers is no dead letter.
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
