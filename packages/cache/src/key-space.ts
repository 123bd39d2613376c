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
  /** The key in these bytes. Throws `DECODE_FAILED` for bytes that no cache wrote. */
  decode(bytes: Buffer): CacheKey
  /** Where keys of another kind start: with this tag. */
  under(tag: number): Buffer
}

/** Tags for what a cache keeps beside its entries. They are part of the format on disk. */
export const SUB_TAG = 0x50

/** The empty prefix is that of the cache itself; sub-caches have one that `subPrefix` made. */
export function createKeySpace(prefix: string): KeySpace {
  const head = Buffer.from(prefix)
  const stringHead = prefix + STRING_TAG
  const under = (tag: number) => Buffer.from([...head, tag])
  return {
    start: under(DATA_START),
    end: under(DATA_END),
    encode(key) {
      if (typeof key === 'string' && key.isWellFormed()) return Buffer.from(stringHead + key)
      return head.length === 0 ? encodeKey(key) : Buffer.concat([head, encodeKey(key)])
    },
    decode: (bytes) => decodeKey(head.length === 0 ? bytes : bytes.subarray(head.length)),
    under,
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
