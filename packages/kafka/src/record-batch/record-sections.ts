import { SnapstreamError } from '@snapstream/core'
import type { MaybePromise } from '@snapstream/core'
import { CHECKED_FROM, CHECKSUM_AT, HEADER_BYTES } from './batch-header.ts'
import { COMPRESSIONS, compressionCodec } from './compression.ts'
import type { AbortedTransaction, FetchedPartition } from './fetched-partition.ts'
import type { Int64 } from '../driver/int64.ts'
import { readExactInt64, readInt64 } from './read-int64.ts'

/** The records of one batch of the log, where they are to be shown. */
export interface Section {
  readonly bytes: Buffer
  readonly count: number
  readonly baseOffset: number
  readonly baseTimestamp: Int64
  /** The one time of all records, where the topic keeps the time of arrival. */
  readonly appendTime: Int64 | undefined
  /** Kafka's number of the codec, 0 for none. */
  readonly compression: number
}

const COMPRESSION = 0x07
const APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const ABORT_MARKER = 0

/**
 * Walks over the batches that a fetch brought. `nextOffset` is where to read on: it goes past control records, records
 * of aborted transactions, and batches that compaction left empty.
 */
export function recordSections(
  fetched: FetchedPartition,
  from: number,
): { readonly sections: readonly Section[]; readonly nextOffset: number } {
  const { topic, partition, records } = fetched
  const sections: Section[] = []
  const isAborted = abortedBy(fetched.aborted)
  let nextOffset = from
  let at = 0
  while (at + HEADER_BYTES <= records.length) {
    const magic = records[at + 16]
    if (magic !== 2)
      throw new SnapstreamError(
        'UNSUPPORTED',
        `partition ${partition} of ${JSON.stringify(topic)} holds records in the message format ${magic} at offset ` +
          `${readInt64(records, at)}; only format 2 (Kafka 0.11 and later) can be read`,
        { topic, partition, offset: from },
      )
    const end = at + 12 + records.readInt32BE(at + 8)
    if (end > records.length) break
    const baseOffset = readInt64(records, at)
    const sum = fetched.crc32c?.(records.subarray(at + CHECKED_FROM, end))
    if (sum !== undefined && sum !== records.readUInt32BE(at + CHECKSUM_AT))
      throw new SnapstreamError(
        'KAFKA_FAILED',
        `the records of partition ${partition} of ${JSON.stringify(topic)} from offset ${baseOffset} on arrived with ` +
          'another checksum than they were written with; read them again, and look at the disk of the broker if it stays',
        { topic, partition, offset: baseOffset },
      )
    const attributes = records.readInt16BE(at + 21)
    const lastOffset = baseOffset + records.readInt32BE(at + 23)
    const count = records.readInt32BE(at + 57)
    const producerId = readInt64(records, at + 43)
    const body = records.subarray(at + HEADER_BYTES, end)
    const control = (attributes & CONTROL) !== 0
    // A control record's key is its version and its kind; the key starts behind five bytes of varints.
    const endsAborted = control && body.length >= 9 && body.readInt16BE(7) === ABORT_MARKER
    const hidden = isAborted({ producerId, lastOffset, endsAborted }) && (attributes & TRANSACTIONAL) !== 0
    if (!control && !hidden && count > 0 && lastOffset >= from) {
      sections.push({
        bytes: body,
        count,
        baseOffset,
        baseTimestamp: readExactInt64(records, at + 27),
        appendTime: attributes & APPEND_TIME ? readExactInt64(records, at + 35) : undefined,
        compression: attributes & COMPRESSION,
      })
    }
    nextOffset = Math.max(nextOffset, lastOffset + 1)
    at = end
  }
  if (nextOffset === from && records.length > 0 && at === 0)
    throw new SnapstreamError(
      'KAFKA_FAILED',
      `the broker sent ${records.length} bytes of partition ${partition} of ${JSON.stringify(topic)}, not a whole batch`,
      { topic, partition, offset: from },
    )
  return { sections, nextOffset }
}

/** Follows which producers are in a transaction that was aborted, from batch to batch. */
function abortedBy(transactions: readonly AbortedTransaction[]) {
  const coming = transactions.toSorted((a, b) => a.firstOffset - b.firstOffset)
  const aborted = new Set<number>()
  return (batch: { producerId: number; lastOffset: number; endsAborted: boolean }): boolean => {
    for (let next = coming[0]; next && next.firstOffset <= batch.lastOffset; next = coming[0]) {
      aborted.add(next.producerId)
      coming.shift()
    }
    if (batch.endsAborted) aborted.delete(batch.producerId)
    return aborted.has(batch.producerId)
  }
}

/** The sections with their records as they were before compression. */
export function decompressed(sections: readonly Section[], of: FetchedPartition): MaybePromise<readonly Section[]> {
  if (sections.every(({ compression }) => compression === 0)) return sections
  return Promise.all(sections.map((section) => decompress(section, of)))
}

async function decompress(section: Section, { topic, partition }: FetchedPartition): Promise<Section> {
  const { compression, baseOffset: offset } = section
  const name = COMPRESSIONS[compression]
  if (name === 'none') return section
  const what = `the records of partition ${partition} of ${JSON.stringify(topic)} from offset ${offset} on`
  const fields = { topic, partition, offset }
  if (name === undefined)
    throw new SnapstreamError(
      'UNSUPPORTED',
      `${what} are compressed by an unknown codec, number ${compression}`,
      fields,
    )
  const codec = await compressionCodec(name).catch((cause: Error) => {
    throw new SnapstreamError('UNSUPPORTED', `${what} cannot be read: ${cause.message}`, { ...fields, cause })
  })
  try {
    const bytes = await codec.decompress(section.bytes)
    return { ...section, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), compression: 0 }
  } catch (cause) {
    throw new SnapstreamError('KAFKA_FAILED', `${what} are not what ${name} makes of records`, { ...fields, cause })
  }
}
