import { Buffer } from 'node:buffer'

/** A key in one of the two formats that abstract-level passes on. */
export type EncodedKey = string | Uint8Array

/** The first byte of each key: LMDB has no empty keys, abstract-level has. */
const PREFIX = 1

/** The longest key that can be written, in bytes: the limit of LMDB with pages of 4 KiB, less the byte before each key. */
export const MAX_KEY_BYTES = 1977

/** Writes keys into the memory of `lmdb` without a copy, and reads them from it. */
export const KEY_ENCODER = {
  writeKey(key: EncodedKey, target: Buffer, start: number): number {
    target[start] = PREFIX
    if (typeof key === 'string') return start + 1 + target.write(key, start + 1, 'utf8')
    target.set(key, start + 1)
    return start + 1 + key.length
  },
  readKey(source: Buffer, start: number, end: number): Buffer {
    // Taken from the pool of small buffers, where a slice would allocate memory.
    const key = Buffer.allocUnsafe(end - start - 1)
    source.copy(key, 0, start + 1, end)
    return key
  },
}

/** The size of a key, in bytes. */
export function keyBytes(key: EncodedKey): number {
  return typeof key === 'string' ? Buffer.byteLength(key) : key.length
}

/** Whether a key is short enough to be in a database. */
export function fits(key: EncodedKey): boolean {
  // A UTF-16 unit has three bytes at most: short strings need not be measured.
  return (typeof key === 'string' && key.length * 3 <= MAX_KEY_BYTES) || keyBytes(key) <= MAX_KEY_BYTES
}

/** A key or a value in the requested format. */
export type Stored = string | Buffer

/** Converts bytes to one of the two formats of an `LmdbLevel`, without a copy for `buffer`. */
export function toFormat(bytes: Uint8Array, format: string): Stored {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return format === 'utf8' ? buffer.toString() : buffer
}

/** Copies a value: `lmdb` reads its memory later, in another thread, when the caller may have changed it. */
export function ownValue(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value)
}
