import { SnapstreamError, toError } from '@snapstream/core'
import type { ErrorCode, MaybePromise } from '@snapstream/core'
import type { Compression, RecordBatch, TopicPartition } from '../driver/driver.ts'
import { COMPRESSIONS, compressionCodec } from './compression.ts'
import type { CompressionCodec } from './compression-codec.ts'
import type { DecompressionRoom } from './decompression-room.ts'
import type { FetchedPartition } from './fetched-partition.ts'
import { gapOf, logBatches } from './log-batches.ts'
import type { Gap, Section } from './log-batches.ts'
import { RECORD_OVERHEAD_BYTES, recordColumns } from './record-columns.ts'

/** A part of the fetched records. */
export interface FetchedBatch extends RecordBatch {
  /** Frees the room that a large part holds. The caller calls it once it does not use the part any more. */
  readonly release?: () => void
}

/** The records that were fetched of a partition, in parts that are decoded when they are asked for. */
export interface PartitionReader {
  /**
   * The next part; undefined behind the last. The caller waits for one call to settle before the next. Throws or rejects if
   * nothing more of the partition can be read: the broker sent bytes that no log can hold, or the package that decompresses
   * them is missing.
   */
  next(): MaybePromise<FetchedBatch | undefined>
  /** Drops the remaining records. */
  close(): void
}

/** The most records of a part. It limits the time until other work gets its turn, and the memory for tiny records. */
const MAX_PART_RECORDS = 16_384
const MAX_PART_BYTES = 4 << 20
/** The size that is decompressed in parallel, in several threads, without taking room. */
const SIDE_BY_SIDE_BYTES = 8 << 20

export function partitionReader(
  fetched: FetchedPartition,
  from: number,
  endOffset: number,
  room: DecompressionRoom,
): PartitionReader {
  const found = logBatches(fetched, from)
  /** Batches that were delivered are set to undefined, to free their memory. */
  const batches: (Section | Gap | undefined)[] = found.batches
  const codecs = new Map<string, Promise<CompressionCodec>>()
  let head = 0
  let isClosed = false

  function nextPart(): MaybePromise<FetchedBatch | undefined> {
    for (let batch = batches[head]; batch !== undefined && !isClosed; batch = batches[head]) {
      if ('error' in batch) {
        batches[head++] = undefined
        return gapBatch(fetched, batch, endOffset)
      }
      if (batch.compression !== 0) return decompressSome().then(nextPart)
      const part = records()
      if (part !== undefined) return part
    }
    if (found.broken !== undefined && !isClosed) throw found.broken
    return undefined
  }

  /** A part of the batches that are decompressed. Undefined if a broken record is the first one. */
  function records(): FetchedBatch | undefined {
    const sections: Section[] = []
    let bytes = 0
    let count = 0
    for (let i = head; i < batches.length; i++) {
      const section = batches[i]
      if (section === undefined || 'error' in section || section.compression !== 0) break
      bytes += section.bytes.length - section.at
      count += section.left
      // Only the first section of a part may hold room.
      const fits = section.hold === undefined && bytes <= MAX_PART_BYTES && count <= MAX_PART_RECORDS
      if (sections.length > 0 && !fits) break
      sections.push(section)
    }
    const limits = { maxRecords: MAX_PART_RECORDS, maxBytes: MAX_PART_BYTES }
    const nextOffset = sections.at(-1)?.nextOffset ?? from
    const { part, read, flaw } = recordColumns(fetched, sections, { from, nextOffset, endOffset, ...limits })
    for (let i = 0; i < read; i++) batches[head++] = undefined
    const hold = sections[0]?.hold
    const stopped = flaw === undefined ? undefined : sections[read]
    if (flaw !== undefined && stopped !== undefined) batches[head] = gapAt(stopped, 'DECODE_FAILED', flaw)
    const isNothing = stopped !== undefined && part.length === 0
    if (hold !== undefined) {
      if (!isNothing) Object.assign(part, { release: hold.keep() })
      if (read > 0 || flaw !== undefined) hold.release()
    }
    return isNothing ? undefined : part
  }

  /** Decompresses the next batch, and the batches behind it that may be decompressed at the same time. */
  async function decompressSome(): Promise<void> {
    const pending: Promise<void>[] = []
    let bytes = 0
    for (let i = head; i < batches.length; i++) {
      const section = batches[i]
      if (section === undefined || 'error' in section) break
      // The batch is skipped, or decompressed already.
      if (section.compression === 0) continue
      const settle = (batch: Section | Gap): void => {
        batches[i] = batch
        // The reader was closed meanwhile.
        if (isClosed && 'hold' in batch) batch.hold?.release()
      }
      const name = COMPRESSIONS[section.compression]
      if (name === undefined || name === 'none') {
        const why = `the batch is compressed with the unknown codec ${section.compression}`
        settle(gapAt(section, 'UNSUPPORTED', why))
        break
      }
      const codec = await codecOf(name, section)
      let expected: number
      try {
        expected = codec.expectedSize(section.bytes)
      } catch (cause) {
        settle(gapAt(section, 'DECODE_FAILED', notOf(name, cause), cause))
        break
      }
      bytes += expected
      if (pending.length > 0 && bytes > SIDE_BY_SIDE_BYTES) break
      pending.push(decompress(section, name, codec, expected).then(settle))
    }
    await Promise.all(pending)
  }

  async function decompress(
    section: Section,
    name: string,
    codec: CompressionCodec,
    expected: number,
  ): Promise<Section | Gap> {
    const { limit } = room
    // The batch may become larger than it states.
    for (const size of expected < limit ? [expected, limit] : [limit]) {
      const hold = size > SIDE_BY_SIDE_BYTES ? await room.take(size) : undefined
      try {
        const plain = isClosed ? EMPTY : await codec.decompress(section.bytes, size)
        if (plain !== undefined) {
          hold?.shrink(plain.length)
          const bytes = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
          return { ...section, bytes, compression: 0, hold }
        }
      } catch (cause) {
        hold?.release()
        return gapAt(section, 'DECODE_FAILED', notOf(name, cause), cause)
      }
      hold?.release()
    }
    const why =
      `the batch is compressed with ${name} and would take more than maxDecompressedBytes (${limit}) in memory; raise it ` +
      'to read the batch'
    return gapAt(section, 'DECODE_FAILED', why)
  }

  function codecOf(name: Exclude<Compression, 'none'>, { baseOffset: offset }: Section): Promise<CompressionCodec> {
    const known = codecs.get(name)
    if (known !== undefined) return known
    const { topic, partition } = fetched
    const codec = compressionCodec(name).catch((cause: Error) => {
      const what = `partition ${partition} of ${JSON.stringify(topic)} cannot be read from offset ${offset} on`
      throw new SnapstreamError('UNSUPPORTED', `${what}: ${cause.message}`, { topic, partition, offset, cause })
    })
    codecs.set(name, codec)
    return codec
  }

  /** The gap for a batch, or for the rest of one, that cannot be read. */
  function gapAt({ start, end, expected, nextOffset }: Section, code: ErrorCode, why: string, cause?: unknown): Gap {
    return gapOf(fetched, { start, end, offset: Math.max(from, expected), nextOffset }, code, why, cause)
  }

  return {
    next: nextPart,
    close() {
      isClosed = true
      for (let i = head; i < batches.length; i++) {
        const batch = batches[i]
        if (batch !== undefined && 'hold' in batch) batch.hold?.release()
      }
    },
  }
}

const EMPTY = Buffer.alloc(0)

const notOf = (name: string, cause: unknown): string =>
  `the batch is not valid ${name} data (${toError(cause).message})`

/** A gap as a batch of one record, whose value is the bytes of the log. */
function gapBatch({ topic, partition }: TopicPartition, gap: Gap, endOffset: number): RecordBatch {
  const { offset, nextOffset, batch, timestamp, error } = gap
  return {
    topic,
    partition,
    length: 1,
    nextOffset,
    endOffset: Math.max(endOffset, nextOffset),
    bytes: batch.length + RECORD_OVERHEAD_BYTES,
    offset: () => offset,
    key: () => null,
    value: () => batch,
    headers: () => [],
    timestamp: () => timestamp,
    error: () => error,
  }
}
