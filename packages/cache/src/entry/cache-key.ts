import { Buffer } from 'node:buffer'
import { SnapstreamError, describe } from '@snapstream/core'

/**
 * A key of a cache. Keys are ordered by type first (boolean, number, string, bytes), then `false` before `true`, numbers by
 * value, strings by code point, bytes by byte. `-0` is the same key as `0`; `1` and `'1'` are different keys. NaN and strings
 * with lone surrogates are refused with `USAGE`.
 */
export type CacheKey = string | number | boolean | Uint8Array

// With gaps, so that a type can be added later.
const BOOLEAN = 0x10
const NUMBER = 0x20
const STRING = 0x30
const BYTES = 0x40
/** The tag of strings, as text. */
export const STRING_TAG = String.fromCharCode(STRING)
/** The tags of keys are from `DATA_START` to below `DATA_END`. */
export const DATA_START = BOOLEAN
export const DATA_END = 0x50

/** Throws `USAGE` for an invalid key. */
export function checkKey(key: CacheKey): void {
  if (typeof key === 'string') {
    if (!key.isWellFormed()) throw refused(`${describe(key)}, which has a lone surrogate that UTF-8 cannot hold`)
  } else if (Number.isNaN(key)) throw refused('NaN')
  else if (typeof key !== 'number' && typeof key !== 'boolean' && !(key instanceof Uint8Array))
    throw refused(describe(key))
}

/** Encodes a key; the bytes sort as the keys do. Throws `USAGE` for an invalid key. */
export function encodeKey(key: CacheKey): Buffer {
  checkKey(key)
  if (typeof key === 'string') return Buffer.from(STRING_TAG + key)
  if (typeof key === 'number') return encodeNumber(key)
  if (typeof key === 'boolean') return Buffer.from([BOOLEAN, key ? 1 : 0])
  const bytes = Buffer.allocUnsafe(key.length + 1)
  bytes[0] = BYTES
  bytes.set(key, 1)
  return bytes
}

/** Decodes a key. Throws `DECODE_FAILED` for bytes that no cache wrote. */
export function decodeKey(bytes: Buffer): CacheKey {
  const tag = bytes[0]
  if (tag === STRING) return decodeString(bytes)
  if (tag === NUMBER && bytes.length === 9) return decodeNumber(bytes)
  if (tag === BOOLEAN && bytes.length === 2) return bytes[1] === 1
  if (tag === BYTES) return new Uint8Array(bytes.subarray(1))
  throw foreign(bytes)
}

/**
 * Identifies a key in a Map. Primitives are themselves. Bytes become a string that starts with a lone surrogate: no string
 * key has one, so the two never collide.
 */
export function idOf(key: CacheKey): string | number | boolean {
  return key instanceof Uint8Array
    ? `\uD800${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')}`
    : key
}

/** A key in a few words, for error messages. */
export function describeKey(key: CacheKey): string {
  return key instanceof Uint8Array
    ? `<${Buffer.from(key.buffer, key.byteOffset, Math.min(key.length, 32)).toString('hex')}${key.length > 32 ? '...' : ''}>`
    : typeof key !== 'string'
      ? String(key)
      : key.length > 60
        ? `${JSON.stringify(key.slice(0, 57))}...`
        : JSON.stringify(key)
}

// A float64 sorts as unsigned bytes after its sign bit is flipped; of a negative one all bits are flipped.
function encodeNumber(key: number): Buffer {
  const bytes = Buffer.allocUnsafe(9)
  bytes[0] = NUMBER
  bytes.writeDoubleBE(key === 0 ? 0 : key, 1)
  if (key < 0) for (let i = 1; i < 9; i++) bytes[i] = ~bytes[i]!
  else bytes[1] = bytes[1]! ^ 0x80
  return bytes
}

function decodeNumber(bytes: Buffer): number {
  const copy = Buffer.from(bytes)
  if (copy[1]! & 0x80) copy[1] = copy[1]! ^ 0x80
  else for (let i = 1; i < 9; i++) copy[i] = ~copy[i]!
  return copy.readDoubleBE(1)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeString(bytes: Buffer): string {
  try {
    return utf8.decode(bytes.subarray(1))
  } catch {
    throw foreign(bytes)
  }
}

function refused(came: string): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `a cache key is a string, a number, a boolean or a Uint8Array, got ${came}; turn it into one of these`,
  )
}

function foreign(bytes: Buffer): SnapstreamError {
  return new SnapstreamError(
    'DECODE_FAILED',
    `the key <${bytes.subarray(0, 32).toString('hex')}> was not written by a Cache; give the cache a database of its own`,
  )
}
