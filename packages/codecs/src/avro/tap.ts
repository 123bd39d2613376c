import { Buffer, isUtf8 } from 'node:buffer'
import type { RawBuffer } from '../buffer.ts'
import type { ValueLimits } from '../limits.ts'

const LONG_BYTES = 10
const INT_BYTES = 5
/** Up to 28 bits are summed as an integer, more as a double. */
const SMALL_BITS = 28
const EMPTY = Buffer.alloc(0)

/** A value exceeds one of its limits. */
export class OverLimit extends Error {}

export const tooEarly = () => new Error('they end too early')

/**
 * A position in a buffer that a value is read from or written to. It replaces avsc's Tap and has the methods that avsc's
 * types call. Unlike avsc's it checks its input: numbers have no more bytes than Avro allows, memory is allocated only for
 * bytes that are present, and skipped values are checked like read ones. A number beyond the end reads as 0 and advances
 * `pos`, which the caller checks at the end. A write beyond the end only advances `pos`, which then is the size needed.
 */
export class AvroTap {
  readonly buf: RawBuffer
  pos: number
  readonly limits: ValueLimits
  items: number
  depth = 0

  constructor(buf: Buffer, pos: number, limits: ValueLimits) {
    this.buf = buf as RawBuffer
    this.pos = pos
    this.limits = limits
    this.items = limits.maxItems
  }

  isValid(): boolean {
    return this.pos <= this.buf.length
  }

  /** Counts the items of a block. Throws `OverLimit`. */
  takeItems(count: number): void {
    this.items -= count
    if (this.items < 0)
      throw new OverLimit(
        `there are more than ${this.limits.maxItems} items in its arrays and maps, the limit by maxItems`,
      )
  }

  /** To be called before so many bytes are read. Throws if the input is shorter. */
  need(bytes: number): void {
    if (bytes > this.buf.length - this.pos) throw tooEarly()
  }

  enter(): void {
    if (++this.depth > this.limits.maxDepth)
      throw new OverLimit(`it is nested more than ${this.limits.maxDepth} times, the limit by maxDepth`)
  }

  leave(): void {
    this.depth--
  }

  /**
   * Returns the number of items in the next block, 0 at the end. `leastBytes` is the smallest size of an item. With `skip`
   * it passes over blocks that state their size in bytes.
   */
  readBlock(leastBytes: number, skip: boolean): number {
    for (;;) {
      let count = this.readLong()
      if (count === 0) {
        if (this.pos > this.buf.length) throw tooEarly()
        return 0
      }
      if (count < 0) {
        count = -count
        const bytes = this.readLong()
        if (bytes < 0) throw new Error('a block in them has a negative number of bytes')
        this.need(bytes)
        if (skip) {
          this.pos += bytes
          continue
        }
      }
      this.need(count * leastBytes)
      this.takeItems(count)
      return count
    }
  }

  readBoolean(): boolean {
    const byte = this.buf[this.pos++]
    if (byte === 1) return true
    if (byte === 0) return false
    throw byte === undefined ? tooEarly() : new Error(`a boolean in them is ${byte}`)
  }

  skipBoolean(): void {
    this.pos++
  }

  writeBoolean(value: boolean): void {
    this.buf[this.pos++] = value ? 1 : 0
  }

  readInt(): number {
    const start = this.pos
    const value = this.readLong()
    // oxlint-disable-next-line no-bitwise
    if (value !== (value | 0) || this.pos - start > INT_BYTES) throw new Error('an int in them has more than 32 bits')
    return value
  }

  readLong(): number {
    const { buf } = this
    let byte = buf[this.pos++]!
    let value = byte & 0x7f
    let shift = 7
    while (byte & 0x80 && shift < SMALL_BITS) {
      byte = buf[this.pos++]!
      value |= (byte & 0x7f) << shift
      shift += 7
    }
    if ((byte & 0x80) === 0) return (value >> 1) ^ -(value & 1)
    const end = this.pos + LONG_BYTES - SMALL_BITS / 7
    let double = value
    for (let factor = 2 ** SMALL_BITS; byte & 0x80; factor *= 128) {
      if (this.pos === end) throw new Error('a long in them has more than 10 bytes')
      byte = buf[this.pos++]!
      double += (byte & 0x7f) * factor
    }
    return (double % 2 ? -(double + 1) : double) / 2
  }

  skipInt(): void {
    this.skipLong()
  }

  skipLong(): void {
    const { buf } = this
    const end = this.pos + LONG_BYTES
    while (buf[this.pos++]! & 0x80) if (this.pos === end) throw new Error('a long in them has more than 10 bytes')
  }

  writeInt(value: number): void {
    this.writeLong(value)
  }

  writeLong(value: number): void {
    const { buf } = this
    if (value >= -(2 ** 30) && value < 2 ** 30) {
      let rest = (value << 1) ^ (value >> 31)
      for (; rest > 0x7f; rest >>= 7) buf[this.pos++] = (rest & 0x7f) | 0x80
      buf[this.pos++] = rest
      return
    }
    let rest = value >= 0 ? value * 2 : value * -2 - 1
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) buf[this.pos++] = (rest % 128) | 0x80
    buf[this.pos++] = rest
  }

  readFloat(): number {
    this.need(4)
    this.pos += 4
    return this.buf.readFloatLE(this.pos - 4)
  }

  skipFloat(): void {
    this.pos += 4
  }

  writeFloat(value: number): void {
    this.pos += 4
    if (this.pos <= this.buf.length) this.buf.writeFloatLE(value, this.pos - 4)
  }

  readDouble(): number {
    this.need(8)
    this.pos += 8
    return this.buf.readDoubleLE(this.pos - 8)
  }

  skipDouble(): void {
    this.pos += 8
  }

  writeDouble(value: number): void {
    this.pos += 8
    if (this.pos <= this.buf.length) this.buf.writeDoubleLE(value, this.pos - 8)
  }

  /** Returns a copy, so that it does not keep the memory of the record. */
  readFixed(length: number): Buffer {
    if (length === 0) return EMPTY
    this.need(length)
    const bytes = Buffer.allocUnsafe(length)
    this.buf.copy(bytes, 0, this.pos, this.pos + length)
    this.pos += length
    return bytes
  }

  skipFixed(length: number): void {
    this.pos += length
  }

  writeFixed(bytes: Uint8Array): void {
    const start = this.pos
    this.pos += bytes.length
    if (this.pos <= this.buf.length) this.buf.set(bytes, start)
  }

  readBytes(): Buffer {
    return this.readFixed(this.#readLength())
  }

  skipBytes(): void {
    const length = this.#readLength()
    this.pos += length
  }

  writeBytes(bytes: Uint8Array): void {
    this.writeLong(bytes.length)
    this.writeFixed(bytes)
  }

  readString(): string {
    const length = this.#readLength()
    const start = this.pos
    this.pos += length
    const text = this.buf.utf8Slice(start, this.pos)
    if (text.includes('\uFFFD') && !isUtf8(this.buf.subarray(start, this.pos)))
      throw new Error('a string in them is not UTF-8')
    return text
  }

  skipString(): void {
    this.skipBytes()
  }

  writeString(text: string): void {
    const length = Buffer.byteLength(text)
    this.writeLong(length)
    const start = this.pos
    this.pos += length
    if (this.pos <= this.buf.length) this.buf.utf8Write(text, start, length)
  }

  #readLength(): number {
    const length = this.readLong()
    if (length < 0) throw new Error(`a length in them is ${length}`)
    this.need(length)
    return length
  }
}
