import type { FieldForm } from './byte-reader.ts'

/** Writes bytes in Kafka's format. */
export interface ByteWriter {
  int8(value: number): void
  int16(value: number): void
  int32(value: number): void
  int64(value: number): void
  /** A string with its length before it; undefined is null. */
  string(text: string | undefined): void
  /** Bytes with their length before them. */
  bytes(bytes: Uint8Array): void
  /** An array with its count before it. */
  array<T>(items: readonly T[], one: (item: T) => void): void
  /** The end of a flexible struct, without tagged fields. Does nothing in the classic form. */
  tags(): void
  /** All that was written. The writer cannot be used afterwards. */
  done(): Buffer
}

/** @param sizeHint the expected size in bytes; the writer grows beyond it */
export function byteWriter(form: FieldForm = 'classic', sizeHint = 256): ByteWriter {
  const isFlexible = form === 'flexible'
  let bytes = Buffer.allocUnsafe(sizeHint)
  let at = 0

  /** Makes room, and returns where it begins. It may replace `bytes`, so call it before them. */
  function room(size: number): number {
    const start = at
    if (start + size > bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * bytes.length, start + size))
      bytes.copy(larger, 0, 0, start)
      bytes = larger
    }
    at += size
    return start
  }

  function int8(value: number): void {
    const start = room(1)
    bytes.writeInt8(value, start)
  }
  function int16(value: number): void {
    const start = room(2)
    bytes.writeInt16BE(value, start)
  }
  function int32(value: number): void {
    const start = room(4)
    bytes.writeInt32BE(value, start)
  }

  /** An unsigned number of up to 31 bits, seven of them per byte. */
  function varint(value: number): void {
    let rest = value
    do {
      const start = room(1)
      bytes.writeUInt8(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest, start)
      rest >>>= 7
    } while (rest > 0)
  }

  /** The flexible form counts from 1, as 0 is null. */
  function length(size: number, classic: (size: number) => void): void {
    if (isFlexible) varint(size + 1)
    else classic(size)
  }

  return {
    int8,
    int16,
    int32,
    int64(value) {
      const start = room(8)
      bytes.writeBigInt64BE(BigInt(value), start)
    },
    string(text) {
      if (text === undefined) {
        length(-1, int16)
        return
      }
      const size = Buffer.byteLength(text)
      length(size, int16)
      const start = room(size)
      bytes.write(text, start)
    },
    bytes(value) {
      length(value.length, int32)
      const start = room(value.length)
      bytes.set(value, start)
    },
    array(items, one) {
      length(items.length, int32)
      for (const item of items) one(item)
    },
    tags() {
      if (isFlexible) varint(0)
    },
    done: () => bytes.subarray(0, at),
  }
}
