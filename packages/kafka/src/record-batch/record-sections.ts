import { SnapstreamError } from '@snapstream/core'
import type { MaybePromise } from '@snapstream/core'
// By its default export: Node does not find all names that this CommonJS module exports.
import kafkajs from 'kafkajs'
import type { AbortedTransaction, FetchedPartition } from './fetched-partition.ts'
import { readInt64 } from './read-int64.ts'

/** The records of one batch of the log, where they are to be shown. */
export interface Section {
  readonly bytes: Buffer
  readonly count: number
  readonly baseOffset: number
  readonly baseTimestamp: number
  /** The one time of all records, where the topic keeps the time of arrival. */
  readonly appendTime: number | undefined
  /** Kafka's number of the codec, 0 for none. */
  readonly compression: number
}

const HEADER_BYTES = 61
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
        baseTimestamp: readInt64(records, at + 27),
        appendTime: attributes & APPEND_TIME ? readInt64(records, at + 35) : undefined,
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
  if (compression === 0) return section
  try {
    const codecs: Record<number, (() => { decompress(bytes: Buffer): Promise<Buffer> }) | undefined> =
      kafkajs.CompressionCodecs
    const codec = codecs[compression]
    if (!codec) throw new Error(`there is no codec ${compression}`)
    return { ...section, bytes: await codec().decompress(section.bytes), compression: 0 }
  } catch (cause) {
    const name = ['none', 'gzip', 'snappy', 'lz4', 'zstd'][compression] ?? String(compression)
    throw new SnapstreamError(
      'UNSUPPORTED',
      `could not decompress ${name} in partition ${partition} of ${JSON.stringify(topic)} at offset ${offset}; ` +
        'all but gzip needs a codec in CompressionCodecs of kafkajs',
      { topic, partition, offset, cause },
    )
  }
}
