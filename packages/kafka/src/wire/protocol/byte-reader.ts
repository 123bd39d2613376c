import { SnapstreamError } from '@snapstream/core'

/** The two forms of Kafka's fields. Newer versions of a request are flexible (KIP-482). */
export type FieldForm = 'classic' | 'flexible'

/** Reads bytes in Kafka's format from front to back. Each method throws `KAFKA_FAILED` past the end. */
export interface ByteReader {
  int8(): number
  int16(): number
  int32(): number
  int64(): number
  /** A string with its length before it. Throws for null. */
  string(): string
  /** A string with its length before it; undefined for null. */
  nullableString(): string | undefined
  /** A view of bytes with their length before them; empty for null. */
  bytes(): Buffer
  /** An array with its count before it; empty for null. */
  array<T>(one: () => T): T[]
  /** The tagged fields at the end of a flexible struct. Does nothing in the classic form. @param known default: all are skipped */
  tags(known?: (tag: number, read: ByteReader) => void): void
  /** A view of the bytes that have not been read yet. */
  rest(): Buffer
}

/** @param what the subject of error messages, such as the answer of a broker */
export function byteReader(
  { buffer, byteOffset, byteLength }: Uint8Array,
  what: string,
  form: FieldForm = 'classic',
): ByteReader {
  const bytes = Buffer.from(buffer, byteOffset, byteLength)
  let at = 0

  function take(size: number): number {
    const start = at
    if (size < 0 || size > bytes.length - at)
      throw new SnapstreamError(
        'KAFKA_FAILED',
        `${what} cannot be read: at byte ${at} of ${bytes.length} it needs ${size} more`,
      )
    at += size
    return start
  }

  const int8 = () => bytes.readInt8(take(1))
  const int16 = () => bytes.readInt16BE(take(2))
  const int32 = () => bytes.readInt32BE(take(4))
  const text = (size: number) => {
    const start = take(size)
    return bytes.toString('utf8', start, start + size)
  }

  /** An unsigned number of up to 32 bits, seven of them per byte. */
  function varint(): number {
    let value = 0
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const byte = bytes.readUInt8(take(1))
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
    throw new SnapstreamError('KAFKA_FAILED', `${what} cannot be read: the number before byte ${at} has no end`)
  }

  const isFlexible = form === 'flexible'
  /** The flexible form counts from 1, as 0 is null. */
  const length = (classic: () => number) => (isFlexible ? varint() - 1 : classic())

  return {
    int8,
    int16,
    int32,
    int64: () => Number(bytes.readBigInt64BE(take(8))),
    string: () => text(length(int16)),
    nullableString() {
      const size = length(int16)
      return size === -1 ? undefined : text(size)
    },
    bytes() {
      const size = length(int32)
      if (size === -1) return bytes.subarray(at, at)
      const start = take(size)
      return bytes.subarray(start, at)
    },
    array(one) {
      const count = length(int32)
      if (count < -1) throw new SnapstreamError('KAFKA_FAILED', `${what} cannot be read: it has ${count} items`)
      const values = []
      for (let i = 0; i < count; i++) values.push(one())
      return values
    },
    tags(known) {
      if (!isFlexible) return
      for (let count = varint(); count > 0; count--) {
        const tag = varint()
        const start = take(varint())
        known?.(tag, byteReader(bytes.subarray(start, at), what, form))
      }
    },
    rest: () => bytes.subarray(at),
  }
}
