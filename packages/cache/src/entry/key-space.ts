import { Buffer } from 'node:buffer'
import { SnapstreamError, describe } from '@snapstream/core'
import { AreaKey } from './area-key.ts'
import { DATA_END, DATA_START, STRING_TAG, decodeKey, encodeKey, type CacheKey } from './cache-key.ts'
import type { EntryKey } from './entry.ts'

/**
 * The keys of one cache within a database. Its entries lie between `start` and `end`, tagged by the type of their key. Its
 * indexes, sub-caches and positions lie above, each kind under its own tag.
 */
export interface KeySpace {
  readonly start: Buffer
  /** The first key behind this cache's entries. */
  readonly end: Buffer
  /** Encodes a key. Throws `USAGE` for an invalid key. */
  encode(key: EntryKey): Buffer
  /** Encodes a key that passed `checkKey` for a batch: a string stays text, which saves a Buffer. */
  forBatch(key: EntryKey): string | Buffer
  /** Decodes a key. Throws `DECODE_FAILED` for bytes that no cache wrote. */
  decode(bytes: Buffer): CacheKey
  /** The first key with this tag. */
  under(tag: number): Buffer
  /** A key of an index, sorted by the number first: a whole number below 2 ** 48. */
  indexKey(tag: number, number: number, encodedKey: Buffer): Buffer
  /** The first key of an index with this number or a higher one. */
  indexStart(tag: number, number: number): Buffer
  /** The parts of a key made by `indexKey`. */
  parseIndexKey(bytes: Buffer): { readonly number: number; readonly encodedKey: Buffer }
}

// The tags beside those of entries. They are part of the format on disk.

/** Sub-caches. */
export const SUB_TAG = 0x50
/** The expiry index. */
export const EXPIRY_TAG = 0x60
/** The age index of a bounded cache. */
export const AGE_TAG = 0x61
/** The positions of sources, in an exactly-once database. */
export const POSITIONS_TAG = 0x70
/** The owner of an exactly-once database that several processes may open. */
export const OWNER_TAG = 0x71
/** The changelog offset of a part of a store, in the key space of the part. */
export const PART_TAG = 0x72
/** The consumer group that the stores of a database belong to. */
export const GROUP_TAG = 0x73
/**
 * The areas of operators. The tag is followed by the name of the area and NUL, then by keys as the cache itself has them. In the
 * area `~time` the empty text has the event time in ms, as text. The areas `~event` and `~clock` have an entry for each timer:
 * its key is bytes, which are a time and a key, each as the cache encodes a key of its type.
 */
export const AREA_TAG = 0x74
/** The totals of a bounded cache. */
export const TOTALS_TAG = 0x62

const NUMBER_BYTES = 6
/** The bytes of an index key in addition to the key of its entry. */
export const INDEX_HEAD_BYTES = 1 + NUMBER_BYTES

/** The key space for a prefix: empty for the cache itself, by `subPrefix` for a sub-cache. */
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

  function encode(key: EntryKey): Buffer {
    if (typeof key === 'string' && key.isWellFormed()) return Buffer.from(stringHead + key)
    if (key instanceof AreaKey) return Buffer.concat([Buffer.from(areaPrefix(prefix, key.area)), encodeKey(key.key)])
    return head.length === 0 ? encodeKey(key) : Buffer.concat([head, encodeKey(key)])
  }

  return {
    start: under(DATA_START),
    end: under(DATA_END),
    encode,
    forBatch(key) {
      if (typeof key === 'string') return stringHead + key
      if (key instanceof AreaKey && typeof key.key === 'string')
        return areaPrefix(prefix, key.area) + STRING_TAG + key.key
      return encode(key)
    },
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

/** The prefix of a sub-cache. Throws `USAGE` for an invalid name. */
export function subPrefix(prefix: string, name: string): string {
  if (typeof name !== 'string' || name === '' || name.includes('\0') || !name.isWellFormed())
    throw new SnapstreamError(
      'USAGE',
      `the name of a sub-cache is a string that is not empty, without the character NUL and lone surrogates, got ${describe(name)}`,
    )
  return `${prefix}${String.fromCharCode(SUB_TAG)}${name}\0`
}

/** The prefix of an area. */
export const areaPrefix = (prefix: string, area: string) => `${prefix}${String.fromCharCode(AREA_TAG)}${area}\0`
