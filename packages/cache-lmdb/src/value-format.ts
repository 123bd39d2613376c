import { Buffer } from 'node:buffer'

/** A key or a value in the format that was asked for. */
export type Stored = string | Buffer

/** Bytes that nobody else holds, in one of the two formats that an `LmdbLevel` has. */
export function toFormat(bytes: Uint8Array, format: string): Stored {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return format === 'utf8' ? buffer.toString() : buffer
}

/** `lmdb` reads the memory of a value later, from a thread of its own: by then it may be somebody else's. */
export function ownValue(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value)
}
