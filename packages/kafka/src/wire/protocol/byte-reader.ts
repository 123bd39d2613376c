import { SnapstreamError } from '@snapstream/core'

/** Reads bytes in Kafka's format from front to back. Each method throws `KAFKA_FAILED` past the end. */
export interface ByteReader {
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
  /** A view of the bytes that have not been read yet. */
  rest(): Buffer
}

/** @param what the subject of error messages, such as the answer of a broker */
export function byteReader({ buffer, byteOffset, byteLength }: Uint8Array, what: string): ByteReader {
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

  const int16 = () => bytes.readInt16BE(take(2))
  const int32 = () => bytes.readInt32BE(take(4))
  const text = (size: number) => {
    const start = take(size)
    return bytes.toString('utf8', start, start + size)
  }
  return {
    int16,
    int32,
    int64: () => Number(bytes.readBigInt64BE(take(8))),
    string: () => text(int16()),
    nullableString() {
      const size = int16()
      return size === -1 ? undefined : text(size)
    },
    bytes() {
      const size = int32()
      if (size === -1) return bytes.subarray(at, at)
      const start = take(size)
      return bytes.subarray(start, at)
    },
    array(one) {
      const count = int32()
      if (count < -1) throw new SnapstreamError('KAFKA_FAILED', `${what} cannot be read: it has ${count} items`)
      const values = []
      for (let i = 0; i < count; i++) values.push(one())
      return values
    },
    rest: () => bytes.subarray(at),
  }
}
