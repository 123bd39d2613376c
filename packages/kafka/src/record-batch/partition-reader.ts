import { SnapstreamError, toError } from '@snapstream/core'
import type { ErrorCode, MaybePromise } from '@snapstream/core'
import type { Compression, RecordBatch, TopicPartition } from '../driver/driver.ts'
import { COMPRESSIONS, compressionCodec } from './compression.ts'
import type { CompressionCodec } from './compression.ts'
import type { DecompressionRoom, RoomHold } from './decompression-room.ts'
import type { FetchedPartition } from './fetched-partition.ts'
import { gapOf } from './gap.ts'
import type { Gap } from './gap.ts'
import { logBatches } from './log-batches.ts'
import type { LogBatch, Section } from './log-batches.ts'
import { RECORD_OVERHEAD_BYTES, recordColumns } from './record-columns.ts'
import type { SectionCursor } from './record-columns.ts'

/** What a fetch brought of a partition, handed out in parts that are decoded when they are asked for. */
export interface PartitionReader {
  /**
   * The next part; undefined behind the last. Called again when the last call has settled. Throws, or rejects, where there
   * is no going on in the partition: a broker sent what no log can hold, or the package that decompresses it is missing.
   */
  next(): MaybePromise<RecordBatch | undefined>
  /** What is left is not wanted any more. */
  close(): void
}

/** A part has no more of them: a handler's turn is limited, and so is what is made of a batch of tiny records. */
const MAX_PART_RECORDS = 16_384
const MAX_PART_BYTES = 4 << 20
/** What is decompressed at once without asking for room: some batches side by side, as there are several threads for it. */
const SIDE_BY_SIDE_BYTES = 8 << 20

/** A batch that is still to be handed out. */
interface Item extends LogBatch {
  cursor?: SectionCursor
  /** Of the memory that its records take. */
  readonly hold?: RoomHold
}

export function partitionReader(
  fetched: FetchedPartition,
  from: number,
  endOffset: number,
  room: DecompressionRoom,
): PartitionReader {
  const { topic, partition } = fetched
  const { batches, broken } = logBatches(fetched, from)
  const items: Item[] = [...batches]
  const codecs = new Map<string, Promise<CompressionCodec>>()
  let head = 0
  let isClosed = false

  function nextPart(): MaybePromise<RecordBatch | undefined> {
    for (let item = items[head]; item !== undefined && !isClosed; item = items[head]) {
      if (isCompressed(item)) return decompressSome().then(nextPart)
      if (item.gap === undefined) {
        const batch = records()
        if (batch !== undefined) return batch
      } else {
        head++
        return gapBatch(fetched, item.gap, endOffset)
      }
    }
    if (broken !== undefined && !isClosed) throw broken
    return undefined
  }

  /** As many records as a part takes, of batches that are decompressed. Undefined if there are none before a broken one. */
  function records(): RecordBatch | undefined {
    const cursors: SectionCursor[] = []
    const places: number[] = []
    let end = head
    let nextOffset = from
    let bytes = 0
    let count = 0
    for (let item = items[end]; item && !item.gap && !isCompressed(item); item = items[++end]) {
      const { section, hold } = item
      if (section !== undefined) {
        const { baseOffset: expected, count: left } = section
        const cursor = (item.cursor ??= { section, nextOffset: item.nextOffset, at: 0, left, expected })
        bytes += section.bytes.length - cursor.at
        count += cursor.left
        if (cursors.length > 0 && (hold || bytes > MAX_PART_BYTES || count > MAX_PART_RECORDS)) break
        cursors.push(cursor)
        places.push(end)
      }
      nextOffset = item.nextOffset
    }
    const limits = { maxRecords: MAX_PART_RECORDS, maxBytes: MAX_PART_BYTES }
    const { batch, stoppedIn, flaw } = recordColumns(fetched, cursors, { from, nextOffset, endOffset, ...limits })
    const first = items[head]
    head = places[stoppedIn ?? -1] ?? end
    const stopped = items[head]
    // Only the first of them may take room of its own.
    first?.hold?.keep(batch)
    if (first !== stopped || flaw !== undefined) first?.hold?.release()
    if (flaw === undefined || !stopped?.section) return batch
    items[head] = gapAt(stopped.section, stopped.nextOffset, flaw, { at: stopped.cursor?.expected ?? from })
    return batch.length > 0 ? batch : undefined
  }

  /** Decompresses the first batch that is to come, and those behind it that may be decompressed beside it. */
  async function decompressSome(): Promise<void> {
    const pending: Promise<void>[] = []
    let bytes = 0
    for (let i = head; i < items.length; i++) {
      const { section, nextOffset = 0, gap } = items[i] ?? {}
      if (gap !== undefined || section?.compression === 0) break
      if (section === undefined) continue
      const settle = (item: Item): void => {
        items[i] = item
        // Nobody waits for it any more.
        if (isClosed) item.hold?.release()
      }
      const name = COMPRESSIONS[section.compression]
      if (name === undefined || name === 'none') {
        settle(
          gapAt(
            section,
            nextOffset,
            `the batch is compressed by a codec that is not known, number ${section.compression}`,
            { code: 'UNSUPPORTED' },
          ),
        )
        continue
      }
      const codec = await codecOf(name, section)
      let expected: number
      try {
        expected = codec.expectedSize(section.bytes)
      } catch (cause) {
        settle(gapAt(section, nextOffset, notOf(name, cause), { cause }))
        continue
      }
      bytes += expected
      if (pending.length > 0 && bytes > SIDE_BY_SIDE_BYTES) break
      pending.push(decompress(section, nextOffset, name, codec, expected).then(settle))
    }
    await Promise.all(pending)
  }

  async function decompress(
    section: Section,
    nextOffset: number,
    name: string,
    codec: CompressionCodec,
    expected: number,
  ): Promise<Item> {
    const { limit } = room
    // It may become more than it states.
    for (const size of expected < limit ? [expected, limit] : [limit]) {
      const hold = size > SIDE_BY_SIDE_BYTES ? await room.take(size) : undefined
      try {
        const plain = isClosed ? EMPTY : await codec.decompress(section.bytes, size)
        if (plain !== undefined) {
          hold?.shrink(plain.length)
          const bytes = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
          return { section: { ...section, bytes, compression: 0 }, nextOffset, ...(hold && { hold }) }
        }
      } catch (cause) {
        hold?.release()
        return gapAt(section, nextOffset, notOf(name, cause), { cause })
      }
      hold?.release()
    }
    const why =
      `the batch is compressed with ${name} and would take more than maxDecompressedBytes (${limit}) in memory; raise it ` +
      'to read the batch'
    return gapAt(section, nextOffset, why)
  }

  function codecOf(name: Exclude<Compression, 'none'>, { baseOffset: offset }: Section): Promise<CompressionCodec> {
    const known = codecs.get(name)
    if (known !== undefined) return known
    const codec = compressionCodec(name).catch((cause: Error) => {
      const what = `partition ${partition} of ${JSON.stringify(topic)} cannot be read from offset ${offset} on`
      throw new SnapstreamError('UNSUPPORTED', `${what}: ${cause.message}`, { topic, partition, offset, cause })
    })
    codecs.set(name, codec)
    return codec
  }

  /** What stands for a batch, or for what follows in it, that cannot be read. */
  function gapAt(
    { batch, baseOffset }: Section,
    nextOffset: number,
    why: string,
    { code = 'DECODE_FAILED', cause, at = baseOffset }: { code?: ErrorCode; cause?: unknown; at?: number } = {},
  ): Item {
    const range = { topic, partition, offset: Math.max(from, at), nextOffset }
    return { gap: gapOf(range, batch, code, why, cause), nextOffset }
  }

  return {
    next: nextPart,
    close() {
      isClosed = true
      for (let i = head; i < items.length; i++) items[i]?.hold?.release()
    },
  }
}

const EMPTY = Buffer.alloc(0)

const isCompressed = ({ section }: Item): boolean => section !== undefined && section.compression !== 0

const notOf = (name: string, cause: unknown): string =>
  `the batch is not what ${name} makes of records (${toError(cause).message})`

/** A gap as a batch of one record: its value is what stands in the log. */
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
