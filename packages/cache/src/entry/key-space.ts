import { Buffer } from 'node:buffer'
import { SnapstreamError, describe } from '@snapstream/core'
import { DATA_END, DATA_START, STRING_TAG, decodeKey, encodeKey, type CacheKey } from './cache-key.ts'

/**
 * The keys of one cache among all that a database holds. Its entries have the tags of their types, between `start` and
 * `end`; what else belongs to it lies above, each kind under a tag of its own.
 */
export interface KeySpace {
  readonly start: Buffer
  /** The first key that is none of this cache's entries any more. */
  readonly end: Buffer
  /** The bytes of a key. Throws `USAGE` for what cannot be a key. */
  encode(key: CacheKey): Buffer
  /** A key that passed `checkKey`, for a batch: text where it is text, which spares a Buffer. */
  forBatch(key: CacheKey): string | Buffer
  /** The key in these bytes. Throws `DECODE_FAILED` for bytes that no cache wrote. */
  decode(bytes: Buffer): CacheKey
  /** Where keys of another kind start: with this tag. */
  under(tag: number): Buffer
  /** A key of an index: it sorts by the number first, a whole one below 2 ** 48. */
  indexKey(tag: number, number: number, encodedKey: Buffer): Buffer
  /** Where the keys of an index start that have this number, or a higher one. */
  indexStart(tag: number, number: number): Buffer
  /** What `indexKey` was made of. */
  parseIndexKey(bytes: Buffer): { readonly number: number; readonly encodedKey: Buffer }
}

/** Tags for what a cache keeps beside its entries. They are part of the format on disk. */
export const SUB_TAG = 0x50
/** An index of the entries that end, by when. */
export const EXPIRY_TAG = 0x60
/** An index of the entries of a cache with a bound, by when they were written. */
export const AGE_TAG = 0x61
/** Positions of sources, of a database that is exactly once. */
export const POSITIONS_TAG = 0x70
/** Which stream may write, of a database that is exactly once and lets several processes in. */
export const OWNER_TAG = 0x71
/** How much a cache with a bound holds. */
export const TOTALS_TAG = 0x62

const NUMBER_BYTES = 6
/** How much longer a key of an index is than the key of the entry. */
export const INDEX_HEAD_BYTES = 1 + NUMBER_BYTES

/** The empty prefix is that of the cache itself; sub-caches have one that `subPrefix` made. */
export function createKeySpace(prefix: string): KeySpace {
  const head = Buffer.from(prefix)
  const stringHead = prefix + STRING_TAG
  const indexHead = head.length + 1 + NUMBER_BYTES
  const under = (tag: number) => Buffer.from([...head, tag])

  function indexKey(tag: number, number: number, encodedKey: Buffer): Buffer {
    const bytes = Buffer.allocUnsafe(indexHead + encodedKey.length - head.length)
    bytes.set(head)
    bytes[head.length] = tag
    bytes.writeUIntBE(number, head.length + 1, NUMBER_BYTES)
    bytes.set(encodedKey.subarray(head.length), indexHead)
    return bytes
  }

  function encode(key: CacheKey): Buffer {
    if (typeof key === 'string' && key.isWellFormed()) return Buffer.from(stringHead + key)
    return head.length === 0 ? encodeKey(key) : Buffer.concat([head, encodeKey(key)])
  }

  return {
    start: under(DATA_START),
    end: under(DATA_END),
    encode,
    forBatch: (key) => (typeof key === 'string' ? stringHead + key : encode(key)),
    decode: (bytes) => decodeKey(head.length === 0 ? bytes : bytes.subarray(head.length)),
    under,
    indexKey,
    indexStart: (tag, number) => indexKey(tag, number, head),
    parseIndexKey: (bytes) => ({
      number: bytes.readUIntBE(head.length + 1, NUMBER_BYTES),
      encodedKey: Buffer.concat([head, bytes.subarray(indexHead)]),
    }),
  }
}

/** The prefix of a sub-cache. Throws `USAGE` for a name that cannot be one. */
export function subPrefix(prefix: string, name: string): string {
  if (typeof name !== 'string' || name === '' || name.includes('\0') || !name.isWellFormed())
    throw new SnapstreamError(
      'USAGE',
      `the name of a sub-cache is a string that is not empty, without the character NUL and lone surrogates, got ${describe(name)}`,
    )
  return `${prefix}${String.fromCharCode(SUB_TAG)}${name}\0`
}
