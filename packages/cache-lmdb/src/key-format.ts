import { Buffer } from 'node:buffer'

/** A key in one of the two formats that abstract-level hands over. */
export type EncodedKey = string | Uint8Array

/** LMDB has no empty keys and abstract-level does, so that this byte goes before each. */
const PREFIX = 1

/**
 * The longest key that can be put, in bytes: what LMDB takes with pages of 4 KiB, as some databases have, less the byte before
 * each key.
 */
export const MAX_KEY_BYTES = 1977

/** How keys get into the memory of `lmdb` and out of it, with no copy on the way in. */
export const KEY_ENCODER = {
  writeKey(key: EncodedKey, target: Buffer, start: number): number {
    target[start] = PREFIX
    if (typeof key === 'string') return start + 1 + target.write(key, start + 1, 'utf8')
    target.set(key, start + 1)
    return start + 1 + key.length
  },
  readKey(source: Buffer, start: number, end: number): Buffer {
    // From the pool of small buffers: a slice would have memory of its own.
    const key = Buffer.allocUnsafe(end - start - 1)
    source.copy(key, 0, start + 1, end)
    return key
  },
}

export function keyBytes(key: EncodedKey): number {
  return typeof key === 'string' ? Buffer.byteLength(key) : key.length
}

/** Whether a key can be in a database at all. */
export function fits(key: EncodedKey): boolean {
  // A character has three bytes at most: short texts need not be measured.
  return (typeof key === 'string' && key.length * 3 <= MAX_KEY_BYTES) || keyBytes(key) <= MAX_KEY_BYTES
}
