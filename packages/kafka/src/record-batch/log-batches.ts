import { SnapstreamError } from '@snapstream/core'
import type { ErrorCode } from '@snapstream/core'
import { CHECKED_FROM, CHECKSUM_AT, HEADER_BYTES } from './batch-header.ts'
import type { RoomHold } from './decompression-room.ts'
import type { AbortedTransaction, FetchedPartition } from './fetched-partition.ts'
import type { Int64 } from '../driver/int64.ts'

/** The records of one batch of the log, and how far they are read. A batch that is skipped has none. */
export interface Section {
  /** Its records, compressed or not. */
  readonly bytes: Buffer
  /** Kafka's number of the codec, 0 for none. */
  readonly compression: number
  /** The number of records that the batch states. */
  readonly count: number
  readonly baseOffset: number
  /** The offset behind the batch, and behind records of it that compaction removed. */
  readonly nextOffset: number
  readonly baseTimestamp: Int64
  /** The timestamp of all records, where the topic keeps the time of arrival (`LogAppendTime`). */
  readonly appendTime: Int64 | undefined
  /** The positions where the whole batch begins and ends in the fetched bytes. */
  readonly start: number
  readonly end: number
  /** The hold on memory of its decompressed records, if they are large. */
  readonly hold: RoomHold | undefined
  /** The position of the next record, the number of records from it on, and the lowest offset that it can have. */
  at: number
  left: number
  expected: number
}

/** A batch of the log, or the rest of one, that cannot be read. It is delivered as one record. */
export interface Gap {
  readonly error: SnapstreamError
  /** Its first offset, or the offset where reading began if that is higher. */
  readonly offset: number
  readonly nextOffset: number
  /** The batch as it is in the log. */
  readonly batch: Buffer
  /** The highest timestamp of its records, as its header states; -1 for none. */
  readonly timestamp: Int64
}

const COMPRESSION = 0x07
const APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const ABORT_MARKER = 0
/** In all formats: the position of the number of the format, and of the first byte that the length counts. */
const MAGIC_AT = 16
const LENGTH_FROM = 12
const MAX_TIMESTAMP_AT = 35

/**
 * Finds the batches of a fetch; the last may be cut off. Control records, records of aborted transactions, and batches that
 * compaction left empty are skipped. `broken`: why the search ended early, at bytes whose meaning and end are unknown.
 */
export function logBatches(
  fetched: FetchedPartition,
  from: number,
): { readonly batches: (Section | Gap)[]; readonly broken: SnapstreamError | undefined } {
  const { records, crc32c } = fetched
  const batches: (Section | Gap)[] = []
  const isAborted = abortedBy(fetched.aborted)
  let expected = 0
  let at = 0
  const broken = (what: string) => ({ batches, broken: outOfStep(fetched, Math.max(expected, from), what) })
  while (at + MAGIC_AT < records.length) {
    const baseOffset = readInt64(records, at)
    const length = records.readInt32BE(at + 8)
    const isCurrent = records[at + MAGIC_AT] === 2
    if (length < (isCurrent ? HEADER_BYTES : MAGIC_AT + 1) - LENGTH_FROM)
      return broken(`a batch whose length is ${length}`)
    const start = at
    const end = at + LENGTH_FROM + length
    if (end > records.length) break
    // Before format 2 a message has the offset of the last one in it.
    const nextOffset = baseOffset + (isCurrent ? records.readInt32BE(at + 23) : 0) + 1
    if (baseOffset < expected || nextOffset <= baseOffset || !Number.isSafeInteger(nextOffset))
      return broken(`a batch with the offsets ${baseOffset} to ${nextOffset - 1}`)
    if (!isCurrent) {
      const why = `the batch is in the message format ${records[at + MAGIC_AT]}; only format 2 (Kafka 0.11 and later) can be read`
      if (nextOffset > from) batches.push(gapAt({ start, end, baseOffset, nextOffset }, 'UNSUPPORTED', why))
    } else if (crc32c && crc32c(records.subarray(at + CHECKED_FROM, end)) !== records.readUInt32BE(at + CHECKSUM_AT)) {
      const why = 'the batch arrived with another checksum than it was written with; look at the disk of the broker'
      if (nextOffset > from) batches.push(gapAt({ start, end, baseOffset, nextOffset }, 'KAFKA_FAILED', why))
    } else {
      const attributes = records.readInt16BE(at + 21)
      const control = (attributes & CONTROL) !== 0
      const body = at + HEADER_BYTES
      // A control record's key is its version and its kind; the key starts behind five bytes of varints.
      const endsAborted = control && end - body >= 9 && records.readInt16BE(body + 7) === ABORT_MARKER
      const inAborted = isAborted(readInt64(records, at + 43), nextOffset - 1, endsAborted)
      const hidden = control || (inAborted && (attributes & TRANSACTIONAL) !== 0)
      const count = hidden ? 0 : records.readInt32BE(at + 57)
      const isEmpty = hidden || (count === 0 && body === end)
      if (nextOffset > from)
        batches.push({
          bytes: isEmpty ? NOTHING : records.subarray(body, end),
          compression: isEmpty ? 0 : attributes & COMPRESSION,
          count,
          baseOffset,
          nextOffset,
          baseTimestamp: readExactInt64(records, at + 27),
          appendTime: attributes & APPEND_TIME ? readExactInt64(records, at + 35) : undefined,
          start,
          end,
          hold: undefined,
          at: 0,
          left: count,
          expected: baseOffset,
        })
    }
    expected = nextOffset
    at = end
  }
  if (batches.length === 0 && records.length > 0)
    return broken(
      at === 0 ? `${records.length} bytes that are not a whole batch` : `batches that end at ${expected - 1}`,
    )
  return { batches, broken: undefined }

  function gapAt(
    { start, end, baseOffset, nextOffset }: Pick<Section, 'start' | 'end' | 'baseOffset' | 'nextOffset'>,
    code: ErrorCode,
    why: string,
  ): Gap {
    return gapOf(fetched, { start, end, offset: Math.max(baseOffset, from), nextOffset }, code, why)
  }
}

const NOTHING = Buffer.alloc(0)

/**
 * @param place the position of the batch in the fetched bytes, and the offsets that it covers
 * @param why completes "cannot be read:"
 */
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

/** The error for bytes that no log can hold. Nothing behind them can be read. */
function outOfStep({ topic, partition }: FetchedPartition, offset: number, what: string): SnapstreamError {
  return new SnapstreamError(
    'KAFKA_FAILED',
    `partition ${partition} of ${JSON.stringify(topic)} cannot be read from offset ${offset} on: the broker sent ${what}; ` +
      'check the disk of the broker, and any proxy in front of it',
    { topic, partition, offset },
  )
}

/** Tracks, from batch to batch, which producers are in an aborted transaction. */
function abortedBy(transactions: readonly AbortedTransaction[]) {
  const coming = transactions.toSorted((a, b) => a.firstOffset - b.firstOffset)
  const aborted = new Set<number>()
  let begun = 0
  return (producerId: number, lastOffset: number, endsAborted: boolean): boolean => {
    for (let next = coming[begun]; next && next.firstOffset <= lastOffset; next = coming[++begun])
      aborted.add(next.producerId)
    if (endsAborted) aborted.delete(producerId)
    return aborted.has(producerId)
  }
}

/** A 64-bit integer as a number: exact up to 2^53, which no offset of a broker reaches. */
function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}

/** A 64-bit integer, exact, for timestamps: they may have any value. */
function readExactInt64(bytes: Buffer, at: number): Int64 {
  const near = readInt64(bytes, at)
  return Number.isSafeInteger(near) ? near : bytes.readBigInt64BE(at)
}
