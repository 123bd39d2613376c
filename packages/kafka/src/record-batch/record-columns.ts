import { isUtf8 } from 'node:buffer'
import type { RecordBatch } from '../driver/driver.ts'
import { toInt64 } from '../driver/int64.ts'
import type { Int64 } from '../driver/int64.ts'
import type { FetchedPartition } from './fetched-partition.ts'
import { readHeaders } from './read-headers.ts'
import type { Section } from './record-sections.ts'

/** Where the parts of a record are: start and length of key and value (length -1: null), and start of the headers, and its end. */
const STRIDE = 6
/** The columns, and what a view of key and value costs once they are asked for. */
const RECORD_OVERHEAD_BYTES = STRIDE * 4 + 16 + 200

/** Decodes records into columns: nothing is made for a record before it is asked for. */
export function recordColumns(
  { topic, partition, lastStableOffset }: Pick<FetchedPartition, 'topic' | 'partition' | 'lastStableOffset'>,
  sections: readonly Section[],
  from: number,
  nextOffset: number,
): RecordBatch {
  // Uncompressed sections are parts of one answer; those that were compressed are joined.
  const whole =
    sections.length === 1 ? (sections[0]?.bytes ?? EMPTY) : Buffer.concat(sections.map(({ bytes }) => bytes))
  let capacity = 0
  for (const { count } of sections) capacity += count
  const places = new Int32Array(capacity * STRIDE)
  const offsets = new Float64Array(capacity)
  const timestamps = new Float64Array(capacity)
  /** By record, those that a number does not hold. */
  const exactTimestamps = new Map<number, Int64>()
  const read = reader(whole)
  let length = 0
  let start = 0
  for (const { bytes, count, baseOffset, baseTimestamp, appendTime } of sections) {
    read.goto(start)
    for (let n = 0; n < count; n++) {
      const size = read.varint()
      const end = read.at() + size
      // One byte of attributes, which nobody uses.
      read.goto(read.at() + 1)
      const deltaAt = read.at()
      const timestampDelta = read.varlong()
      const offset = baseOffset + read.varint()
      // The answer starts with the whole batch that holds the offset asked for.
      if (offset >= from) {
        const place = length * STRIDE
        const keyLength = (places[place + 1] = read.varint())
        places[place] = read.at()
        if (keyLength > 0) read.goto(read.at() + keyLength)
        const valueLength = (places[place + 3] = read.varint())
        places[place + 2] = read.at()
        if (valueLength > 0) read.goto(read.at() + valueLength)
        places[place + 4] = read.at()
        offsets[length] = offset
        places[place + 5] = end
        const near = appendTime ?? (typeof baseTimestamp === 'number' ? baseTimestamp + timestampDelta : NaN)
        if (Number.isSafeInteger(near) && Number.isSafeInteger(timestampDelta)) timestamps[length] = near as number
        else exactTimestamps.set(length, appendTime ?? sum64(baseTimestamp, int64At(whole, deltaAt)))
        length++
      }
      read.goto(end)
    }
    start += bytes.length
    if (read.at() > start) throw new RangeError('a record reaches beyond its batch')
  }

  const part = (i: number, column: 0 | 2): Uint8Array | null => {
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
    // Only where this sign stands may a byte have been replaced.
    return read.includes('\uFFFD') && !isUtf8(whole.subarray(at, at + size)) ? undefined : read
  }
  return {
    topic,
    partition,
    length,
    nextOffset,
    endOffset: Math.max(lastStableOffset, nextOffset),
    bytes: whole.length + length * RECORD_OVERHEAD_BYTES,
    offset: (i) => offsets[i] ?? NaN,
    key: (i) => part(i, 0),
    value: (i) => part(i, 2),
    keyText: (i) => text(i, 0),
    valueText: (i) => text(i, 2),
    headers(i) {
      const { headers, problem } = readHeaders(whole, places[i * STRIDE + 4], places[i * STRIDE + 5])
      return problem === undefined ? headers : undefined
    },
    headerBytes: (i) => whole.subarray(places[i * STRIDE + 4], places[i * STRIDE + 5]),
    timestamp: (i) => exactTimestamps.get(i) ?? timestamps[i] ?? NaN,
  }
}

const EMPTY = Buffer.alloc(0)

/** As 64 bits add up: what is beyond them begins anew at the other end, as it does in Java. */
function sum64(base: Int64, delta: bigint): Int64 {
  return toInt64(BigInt.asIntN(64, BigInt(base) + delta))
}

/** The zigzag integer of at most 64 bits that is written there. */
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
      if (place > bytes.length) throw new RangeError('a record reaches beyond its batch')
      at = place
    },
    /** A zigzag integer of at most 32 bits. */
    varint(): number {
      let byte = bytes[at++] ?? 0
      let value = byte & 0x7f
      for (let shift = 7; byte > 0x7f; shift += 7) {
        if (shift > 28) throw new RangeError('an integer of a record is longer than 32 bits')
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
        if (factor > 2 ** 62) throw new RangeError('an integer of a record is longer than 64 bits')
        byte = bytes[at++] ?? 0
        magnitude += (byte & 0x7f) * factor
      }
      return isNegative ? -magnitude - 1 : magnitude
    },
  }
}
