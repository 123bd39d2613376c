import { SnapstreamError } from '@snapstream/core'
import { CHECKED_FROM, CHECKSUM_AT, HEADER_BYTES } from './batch-header.ts'
import type { AbortedTransaction, FetchedPartition } from './fetched-partition.ts'
import { gapOf } from './gap.ts'
import type { Gap } from './gap.ts'
import type { Int64 } from '../driver/int64.ts'
import { readExactInt64, readInt64 } from './read-int64.ts'

/** The records of one batch of the log, where they are to be shown. */
export interface Section {
  /** Its records, compressed or not. */
  readonly bytes: Buffer
  /** The whole batch as it stands in the log. */
  readonly batch: Buffer
  /** How many records it says that it holds. */
  readonly count: number
  readonly baseOffset: number
  readonly baseTimestamp: Int64
  /** The one time of all records, where the topic keeps the time of arrival. */
  readonly appendTime: Int64 | undefined
  /** Kafka's number of the codec, 0 for none. */
  readonly compression: number
}

/** One batch of the log, with what is to be shown of it, if anything. */
export interface LogBatch {
  readonly section?: Section
  readonly gap?: Gap
  /** Where to read on behind it; it covers records that compaction removed. */
  readonly nextOffset: number
}

const COMPRESSION = 0x07
const APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const ABORT_MARKER = 0
/** Where the number of the format is, and where that begins which the length counts, in all formats. */
const MAGIC_AT = 16
const LENGTH_FROM = 12

/**
 * Walks over the batches that a fetch brought; the last may be cut off. Control records, records of aborted transactions,
 * and batches that compaction left empty are not shown. `broken`: why the walk ended early; nobody knows what comes there,
 * nor where it ends.
 */
export function logBatches(
  fetched: FetchedPartition,
  from: number,
): { readonly batches: readonly LogBatch[]; readonly broken: SnapstreamError | undefined } {
  const { records } = fetched
  const batches: LogBatch[] = []
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
    const end = at + LENGTH_FROM + length
    if (end > records.length) break
    const batch = records.subarray(at, end)
    // Before format 2 a message has the offset of the last one in it.
    const nextOffset = baseOffset + (isCurrent ? batch.readInt32BE(23) : 0) + 1
    if (baseOffset < expected || nextOffset <= baseOffset || !Number.isSafeInteger(nextOffset))
      return broken(`a batch with the offsets ${baseOffset} to ${nextOffset - 1}`)
    const shown = isCurrent ? judge(batch, baseOffset, nextOffset) : { gap: ofOldFormat(batch, baseOffset, nextOffset) }
    if (nextOffset > from) batches.push({ ...shown, nextOffset })
    expected = nextOffset
    at = end
  }
  if (batches.length === 0 && records.length > 0)
    return broken(
      at === 0 ? `${records.length} bytes that are not a whole batch` : `batches that end at ${expected - 1}`,
    )
  return { batches, broken: undefined }

  function judge(batch: Buffer, baseOffset: number, nextOffset: number): Omit<LogBatch, 'nextOffset'> {
    const sum = fetched.crc32c?.(batch.subarray(CHECKED_FROM))
    if (sum !== undefined && sum !== batch.readUInt32BE(CHECKSUM_AT)) {
      const why = 'the batch arrived with another checksum than it was written with; look at the disk of the broker'
      return { gap: gapOf(rangeOf(baseOffset, nextOffset), batch, 'KAFKA_FAILED', why) }
    }
    const attributes = batch.readInt16BE(21)
    const producerId = readInt64(batch, 43)
    const bytes = batch.subarray(HEADER_BYTES)
    const control = (attributes & CONTROL) !== 0
    // A control record's key is its version and its kind; the key starts behind five bytes of varints.
    const endsAborted = control && bytes.length >= 9 && bytes.readInt16BE(7) === ABORT_MARKER
    const hidden =
      isAborted({ producerId, lastOffset: nextOffset - 1, endsAborted }) && (attributes & TRANSACTIONAL) !== 0
    const count = batch.readInt32BE(57)
    if (control || hidden || (count === 0 && bytes.length === 0)) return {}
    const appendTime = attributes & APPEND_TIME ? readExactInt64(batch, 35) : undefined
    const baseTimestamp = readExactInt64(batch, 27)
    const compression = attributes & COMPRESSION
    return { section: { bytes, batch, count, baseOffset, baseTimestamp, appendTime, compression } }
  }

  function ofOldFormat(batch: Buffer, baseOffset: number, nextOffset: number): Gap {
    const why = `the batch is in the message format ${batch[MAGIC_AT]}; only format 2 (Kafka 0.11 and later) can be read`
    return gapOf(rangeOf(baseOffset, nextOffset), batch, 'UNSUPPORTED', why)
  }

  function rangeOf(baseOffset: number, nextOffset: number) {
    const { topic, partition } = fetched
    return { topic, partition, offset: Math.max(baseOffset, from), nextOffset }
  }
}

/** What a broker sent is none of what a log can hold: there is no going on behind it. */
function outOfStep({ topic, partition }: FetchedPartition, offset: number, what: string): SnapstreamError {
  return new SnapstreamError(
    'KAFKA_FAILED',
    `partition ${partition} of ${JSON.stringify(topic)} cannot be read from offset ${offset} on: the broker sent ${what}; ` +
      'look at the disk of the broker, and at what stands between',
    { topic, partition, offset },
  )
}

/** Follows which producers are in a transaction that was aborted, from batch to batch. */
function abortedBy(transactions: readonly AbortedTransaction[]) {
  const coming = transactions.toSorted((a, b) => a.firstOffset - b.firstOffset)
  const aborted = new Set<number>()
  let begun = 0
  return (batch: { producerId: number; lastOffset: number; endsAborted: boolean }): boolean => {
    for (let next = coming[begun]; next && next.firstOffset <= batch.lastOffset; next = coming[++begun])
      aborted.add(next.producerId)
    if (batch.endsAborted) aborted.delete(batch.producerId)
    return aborted.has(batch.producerId)
  }
}
