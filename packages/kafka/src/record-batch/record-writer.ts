import { SnapstreamError } from '@snapstream/core'
import type { Headers } from '@snapstream/core'
import { contentBytes } from '../driver/bytes.ts'
import type { ProduceRecord } from '../driver/driver.ts'
import type { Int64 } from '../driver/int64.ts'
import { HEADER_BYTES } from './batch-header.ts'

/** The most bytes of a record beside its key, value and headers: seven integers of variable length. */
const RECORD_FRAME_BYTES = 48
/** The size from which `set` is faster than a loop: `set` is a call out of JavaScript. */
const COPY_BY_SET_BYTES = 24
/** A larger buffer is dropped after the batch that needed it. */
const KEPT_BYTES = 4 << 20
const FIRST_BYTES = 1 << 16

interface WrittenRecords {
  /** The records, with space for the batch header before them. Valid until the next call. */
  readonly bytes: Uint8Array
  readonly baseTimestamp: Int64
  readonly maxTimestamp: Int64
}

/** Writes records one after another into a buffer that it keeps. */
export function recordWriter(): (records: readonly ProduceRecord[]) => WrittenRecords {
  let kept: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  return (records) => {
    let into = kept
    let at = HEADER_BYTES
    const baseTimestamp = whole(records[0]?.timestamp ?? 0)
    let maxTimestamp = baseTimestamp
    for (let i = 0; i < records.length; i++) {
      const { key, value, headers, timestamp } = records[i] as ProduceRecord
      const time = whole(timestamp)
      if (time > maxTimestamp) maxTimestamp = time
      const delta = difference(time, baseTimestamp)
      const keyLength = lengthOf(key)
      const valueLength = lengthOf(value)
      const contentBytes = Math.max(0, keyLength) + Math.max(0, valueLength)
      const headerBytes =
        headers.length === 0 ? 1 : headers instanceof Uint8Array ? headers.length : sizeOfHeaders(headers)
      if (at + contentBytes + headerBytes + RECORD_FRAME_BYTES > into.length)
        into = grown(into, at, contentBytes + headerBytes + RECORD_FRAME_BYTES)
      const body =
        1 +
        (typeof delta === 'number' ? sizeOfLong(delta) : bytesOfLong(delta).length) +
        sizeOf(i) +
        sizeOf(keyLength) +
        sizeOf(valueLength) +
        contentBytes +
        headerBytes
      at = writeInt(into, body, at)
      // The attributes of a record, of which Kafka defines none.
      into[at++] = 0
      if (delta === 0) at = writeZero(into, at)
      else if (typeof delta === 'number') at = writeLong(into, delta, at)
      else for (const byte of bytesOfLong(delta)) into[at++] = byte
      at = writeInt(into, i, at)
      at = writeContent(into, key, keyLength, at)
      at = writeContent(into, value, valueLength, at)
      if (headers.length === 0) at = writeZero(into, at)
      else if (headers instanceof Uint8Array) at = writeRaw(into, headers, at)
      else at = writeHeaders(into, headers, at)
    }
    kept = into.length > KEPT_BYTES ? Buffer.allocUnsafeSlow(FIRST_BYTES) : into
    return { bytes: into.subarray(0, at), baseTimestamp, maxTimestamp }
  }
}

function grown(from: Buffer, used: number, wanted: number): Buffer {
  const to = Buffer.allocUnsafeSlow(Math.max(from.length * 2, used + wanted))
  from.copy(to, 0, 0, used)
  return to
}

function sizeOfHeaders(headers: Headers): number {
  let size = sizeOf(headers.length)
  for (const [name, value] of headers) {
    if (!name.isWellFormed())
      throw new SnapstreamError(
        'ENCODE_FAILED',
        `the name of a header has to be a string without lone surrogates, got ${JSON.stringify(name)}`,
      )
    const nameLength = Buffer.byteLength(name)
    const valueLength = lengthOf(value)
    size += sizeOf(nameLength) + nameLength + sizeOf(valueLength) + Math.max(0, valueLength)
  }
  return size
}

function writeHeaders(into: Buffer, headers: Headers, start: number): number {
  let at = writeInt(into, headers.length, start)
  for (const [name, value] of headers) {
    at = writeInt(into, Buffer.byteLength(name), at)
    at += into.write(name, at)
    at = writeContent(into, value, lengthOf(value), at)
  }
  return at
}

/** The length of a key or value in bytes; -1 for null, as Kafka writes it. */
function lengthOf(content: Uint8Array | string | null): number {
  return content === null ? -1 : contentBytes(content)
}

function writeContent(into: Buffer, content: Uint8Array | string | null, length: number, start: number): number {
  if (content === null) return writeInt(into, -1, start)
  if (typeof content !== 'string') return writeBytes(into, content, start)
  const at = writeInt(into, length, start)
  return at + into.write(content, at)
}

function writeBytes(into: Uint8Array, bytes: Uint8Array, start: number): number {
  return writeRaw(into, bytes, writeInt(into, bytes.length, start))
}

function writeRaw(into: Uint8Array, bytes: Uint8Array, at: number): number {
  const { length } = bytes
  if (length > COPY_BY_SET_BYTES) into.set(bytes, at)
  else for (let i = 0; i < length; i++) into[at + i] = bytes[i] as number
  return at + length
}

function writeZero(into: Uint8Array, at: number): number {
  into[at] = 0
  return at + 1
}

const whole = (time: Int64): Int64 => (typeof time === 'number' ? Math.trunc(time) : time)

/** The difference of a timestamp from the first of its batch, in 64 bits as on the wire. */
function difference(time: Int64, base: Int64): Int64 {
  const near = typeof time === 'number' && typeof base === 'number' ? time - base : NaN
  return Number.isSafeInteger(near) ? near : BigInt.asIntN(64, BigInt(time) - BigInt(base))
}

/** Writes a zigzag varint of 32 bits. */
function writeInt(into: Uint8Array, value: number, start: number): number {
  let at = start
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 0x7f) {
    into[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  into[at++] = rest
  return at
}

function sizeOf(value: number): number {
  const rest = ((value << 1) ^ (value >> 31)) >>> 0
  return rest < 0x80 ? 1 : rest < 0x4000 ? 2 : rest < 0x20_0000 ? 3 : rest < 0x1000_0000 ? 4 : 5
}

/** Writes a zigzag varint of up to 53 bits, by arithmetic: bit operators work with 32 bits. */
function writeLong(into: Uint8Array, value: number, start: number): number {
  let at = start
  const isNegative = value < 0
  const magnitude = isNegative ? -value - 1 : value
  let byte = (magnitude % 64) * 2 + (isNegative ? 1 : 0)
  let rest = Math.floor(magnitude / 64)
  while (rest > 0) {
    into[at++] = byte | 0x80
    byte = rest % 128
    rest = Math.floor(rest / 128)
  }
  into[at++] = byte
  return at
}

function sizeOfLong(value: number): number {
  let rest = Math.floor((value < 0 ? -value - 1 : value) / 64)
  let size = 1
  while (rest > 0) {
    rest = Math.floor(rest / 128)
    size++
  }
  return size
}

/** The bytes of a zigzag varint of 64 bits. */
function bytesOfLong(value: bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return bytes
}
