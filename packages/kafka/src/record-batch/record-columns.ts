import { isUtf8 } from 'node:buffer'
import type { Headers } from '@snapstream/core'
import type { RecordBatch, TopicPartition } from '../driver/driver.ts'
import { toInt64 } from '../driver/int64.ts'
import type { Int64 } from '../driver/int64.ts'
import type { Section } from './log-batches.ts'

/** Numbers for each record: start and length of key and value (length -1: null), start of the headers, end of the record. */
const STRIDE = 6
/** The memory of a record beside its payload: the columns, and the views of key and value. */
export const RECORD_OVERHEAD_BYTES = STRIDE * 4 + 16 + 200
/** The smallest record: seven integers of a byte each. */
const SMALLEST_RECORD_BYTES = 7

/** The records of some sections, and how far they were read. */
export interface Columns {
  readonly part: RecordBatch
  /** The number of sections that are read to their end. The next one may be read in part. */
  readonly read: number
  /** The reason why the next section cannot be read any further. */
  readonly flaw?: string
}

/**
 * Decodes records of consecutive sections into columns, so that no object is made for a record before it is used. Each section
 * keeps the position up to which it is read. Records before the offset `from` are skipped: an answer to a fetch starts with
 * the whole batch that holds that offset.
 */
export function recordColumns(
  { topic, partition }: TopicPartition,
  sections: readonly Section[],
  reading: {
    readonly from: number
    readonly nextOffset: number
    readonly endOffset: number
    readonly maxRecords: number
    readonly maxBytes: number
  },
): Columns {
  const { from, maxRecords, maxBytes } = reading
  const { whole, starts } = joined(sections)
  let bytesLeft = 0
  let recordsLeft = 0
  for (const { bytes, at, left } of sections) {
    bytesLeft += bytes.length - at
    recordsLeft += Math.max(0, left)
  }
  // A batch may state more records than its bytes can hold.
  const capacity = Math.min(recordsLeft, maxRecords, Math.ceil(bytesLeft / SMALLEST_RECORD_BYTES))
  const places = new Int32Array(capacity * STRIDE)
  const offsets = new Float64Array(capacity)
  const timestamps = new Float64Array(capacity)
  /** The timestamps that a number does not hold, by record. Most topics have none. */
  let exactTimestamps: Map<number, Int64> | undefined
  const read = reader(whole)
  let length = 0
  let size = 0
  let { nextOffset } = reading
  let sectionsRead = 0
  let flaw: string | undefined

  for (let i = 0; i < sections.length; i++) {
    const section = sections[i] as Section
    const { baseOffset, baseTimestamp, appendTime, left: count } = section
    /** The position where the section would begin in `whole`, with the records that were read before. */
    const base = starts[i] as number
    const start = base + section.at
    const end = base + section.bytes.length
    read.goto(start)
    let n = 0
    let at = start
    let { expected } = section
    try {
      for (; n < count; n++) {
        if (length >= maxRecords || at - start >= maxBytes) break
        const recordBytes = read.varint()
        const recordEnd = read.at() + recordBytes
        if (recordBytes < 0 || recordEnd > end) throw new RangeError(`its size of ${recordBytes} bytes is not there`)
        // The byte of attributes is not used.
        read.goto(read.at() + 1)
        const deltaAt = read.at()
        const timestampDelta = read.varlong()
        const offset = baseOffset + read.varint()
        if (offset < expected || offset >= section.nextOffset) throw new RangeError(`its offset is ${offset}`)
        if (offset >= from) {
          const place = length * STRIDE
          const keyLength = (places[place + 1] = read.varint())
          places[place] = read.at()
          if (keyLength > 0) read.goto(read.at() + keyLength)
          const valueLength = (places[place + 3] = read.varint())
          places[place + 2] = read.at()
          if (valueLength > 0) read.goto(read.at() + valueLength)
          places[place + 4] = read.at()
          places[place + 5] = recordEnd
          offsets[length] = offset
          const near = appendTime ?? (typeof baseTimestamp === 'number' ? baseTimestamp + timestampDelta : NaN)
          if (Number.isSafeInteger(near) && Number.isSafeInteger(timestampDelta)) timestamps[length] = near as number
          else (exactTimestamps ??= new Map()).set(length, appendTime ?? sum64(baseTimestamp, int64At(whole, deltaAt)))
          if (read.at() > recordEnd) throw new RangeError('its key and value reach beyond its end')
          length++
        }
        read.goto(recordEnd)
        at = recordEnd
        expected = offset + 1
      }
      if (n < count && expected >= section.nextOffset)
        flaw = `the batch says that it holds ${section.count} records, and has no offsets for as many`
      else if (n >= count && (at !== end || count < 0))
        flaw = `the batch says that it holds ${section.count} records, and ${end - at} bytes follow them`
    } catch (thrown) {
      flaw = `record ${section.count - count + n} of the batch (from 0) is broken: ${(thrown as Error).message}`
    }
    // No offset is left for the broken rest: the last record is part of it.
    if (flaw !== undefined && expected >= section.nextOffset) expected = offsets[--length] ?? from
    size += at - start
    section.at = at - base
    section.left = count - n
    section.expected = expected
    if (flaw !== undefined || section.left > 0) {
      nextOffset = Math.max(from, expected)
      break
    }
    sectionsRead++
  }

  const bytesOf = (i: number, column: 0 | 2): Uint8Array | null => {
    const size = places[i * STRIDE + column + 1] ?? -1
    if (size < 0) return null
    const at = places[i * STRIDE + column] ?? 0
    return whole.subarray(at, at + size)
  }
  const text = (i: number, column: 0 | 2): string | null | undefined => {
    const size = places[i * STRIDE + column + 1] ?? -1
    if (size < 0) return null
    const at = places[i * STRIDE + column] ?? 0
    const read = whole.toString('utf8', at, at + size)
    // Only this character may stand for a replaced byte.
    return read.includes('\uFFFD') && !isUtf8(whole.subarray(at, at + size)) ? undefined : read
  }
  const part: RecordBatch = {
    topic,
    partition,
    length,
    nextOffset,
    endOffset: Math.max(reading.endOffset, nextOffset),
    bytes: size + length * RECORD_OVERHEAD_BYTES,
    offset: (i) => offsets[i] ?? NaN,
    key: (i) => bytesOf(i, 0),
    value: (i) => bytesOf(i, 2),
    keyText: (i) => text(i, 0),
    valueText: (i) => text(i, 2),
    headers(i) {
      const { headers, problem } = readHeaders(whole, places[i * STRIDE + 4], places[i * STRIDE + 5])
      return problem === undefined ? headers : undefined
    },
    headerBytes: (i) => whole.subarray(places[i * STRIDE + 4], places[i * STRIDE + 5]),
    timestamp: (i) => exactTimestamps?.get(i) ?? timestamps[i] ?? NaN,
  }
  return {
    part,
    read: sectionsRead,
    ...(flaw !== undefined && { flaw }),
  }
}

/**
 * The bytes of all sections as one buffer, and the position of each section in it. Uncompressed sections are parts of one
 * answer: a view of it covers them all, with batch headers between them. Only several decompressed sections are copied.
 */
function joined(sections: readonly Section[]): { readonly whole: Buffer; readonly starts: readonly number[] } {
  let answer: ArrayBufferLike | undefined
  let from = Infinity
  let to = 0
  let isOne = true
  // A loop, as an answer may have more batches than a call takes arguments. Batches without records have no place in it.
  for (const { bytes } of sections) {
    if (bytes.length === 0) continue
    answer ??= bytes.buffer
    isOne &&= bytes.buffer === answer
    from = Math.min(from, bytes.byteOffset)
    to = Math.max(to, bytes.byteOffset + bytes.length)
  }
  if (answer !== undefined && isOne) {
    const starts = sections.map(({ bytes }) => (bytes.length === 0 ? 0 : bytes.byteOffset - from))
    return { whole: Buffer.from(answer, from, to - from), starts }
  }
  let end = 0
  const starts = sections.map(({ bytes, at }) => {
    const start = end - at
    end += bytes.length - at
    return start
  })
  return { whole: Buffer.concat(sections.map(({ bytes, at }) => bytes.subarray(at))), starts }
}

/** Adds with 64 bits, with overflow as in Java. */
function sum64(base: Int64, delta: bigint): Int64 {
  return toInt64(BigInt.asIntN(64, BigInt(base) + delta))
}

/** Reads a zigzag integer of at most 64 bits. */
function int64At(bytes: Buffer, start: number): bigint {
  let value = 0n
  for (let at = start, shift = 0n; ; at++, shift += 7n) {
    const byte = bytes[at] ?? 0
    value |= BigInt(byte & 0x7f) << shift
    if (byte <= 0x7f) break
  }
  value = BigInt.asUintN(64, value)
  return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
}

function reader(bytes: Buffer) {
  let at = 0
  return {
    at: () => at,
    goto(place: number): void {
      if (place > bytes.length) throw new RangeError('it reaches beyond its end')
      at = place
    },
    /** A zigzag integer of at most 32 bits. */
    varint(): number {
      let byte = bytes[at++] ?? 0
      let value = byte & 0x7f
      for (let shift = 7; byte > 0x7f; shift += 7) {
        if (shift > 28) throw new RangeError('an integer in it is longer than 32 bits')
        byte = bytes[at++] ?? 0
        value |= (byte & 0x7f) << shift
      }
      return (value >>> 1) ^ -(value & 1)
    },
    /** A zigzag integer of at most 64 bits, exact up to 2^53. */
    varlong(): number {
      let byte = bytes[at++] ?? 0
      const isNegative = (byte & 1) === 1
      let magnitude = (byte & 0x7f) >> 1
      for (let factor = 64; byte > 0x7f; factor *= 128) {
        if (factor > 2 ** 62) throw new RangeError('an integer in it is longer than 64 bits')
        byte = bytes[at++] ?? 0
        magnitude += (byte & 0x7f) * factor
      }
      return isNegative ? -magnitude - 1 : magnitude
    },
  }
}

/** The readable headers of a record. */
export interface ReadHeaders {
  readonly headers: Headers
  /** The reason why others cannot be read: a name is not UTF-8, or a count or a length is wrong. Undefined if all can be read. */
  readonly problem: string | undefined
  /** Whether a count or a length is wrong. No broker accepts such headers. */
  readonly broken: boolean
}

const NO_HEADERS: ReadHeaders = { headers: Object.freeze([]), problem: undefined, broken: false }
/** The size of the longest varint of 32 bits. */
const MAX_VARINT_BYTES = 5

/**
 * Reads the headers of a record from the bytes from `start` to `end` of a record batch: their count, then length and bytes of
 * each name and value. A negative length of a value means null. Never throws: headers that cannot be read are left out, and
 * `problem` says why.
 */
export function readHeaders(bytes: Buffer, start = 0, end = bytes.length): ReadHeaders {
  if (bytes[start] === 0 && start + 1 === end) return NO_HEADERS
  let at = start
  const headers: (readonly [name: string, value: Uint8Array | null])[] = []
  const broken = (problem: string): ReadHeaders => ({ headers, problem, broken: true })
  let problem: string | undefined

  /** NaN at the end of the bytes, or for a varint that is too long. */
  function varint(): number {
    let value = 0
    for (let n = 0; n < MAX_VARINT_BYTES && at < end; n++) {
      const byte = bytes[at++] as number
      value |= (byte & 0x7f) << (7 * n)
      if (byte <= 0x7f) return (value >>> 1) ^ -(value & 1)
    }
    return NaN
  }

  /** The next bytes; undefined where fewer are left. */
  function next(length: number): Buffer | undefined {
    if (!(length >= 0 && length <= end - at)) return undefined
    at += length
    return bytes.subarray(at - length, at)
  }

  const count = varint()
  if (!(count >= 0)) return broken('their count is not a number of 0 or more')
  for (let i = 0; i < count; i++) {
    const name = next(varint())
    if (name === undefined) return broken(`the name of header ${i} reaches beyond their end`)
    const length = varint()
    const value = length < 0 ? null : next(length)
    if (value === undefined) return broken(`the value of header ${i} reaches beyond their end`)
    if (isUtf8(name)) headers.push([name.toString('utf8'), value])
    else problem ??= `the name of header ${i} is not UTF-8`
  }
  return at === end ? { headers, problem, broken: false } : broken(`${end - at} bytes follow the last of them`)
}
