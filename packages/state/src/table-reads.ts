import { createReads, describeKey, type ReadsOptions, type ValueFormat } from '@snapstream/cache/storage'
import type { CacheRange } from '@snapstream/cache'
import { SnapstreamError } from '@snapstream/core'
import { isThenable, type TableLog } from '@snapstream/core/adapter'
import { Buffer } from 'node:buffer'
import { watchReads } from './damage.ts'
import type { Sorted } from './merge-sorted.ts'

/** A range of keys of a table, in the order of their bytes. */
export interface TableRange<K> extends Pick<CacheRange, 'reverse' | 'limit'> {
  /** Keys greater than this one. */
  readonly gt?: K | undefined
  /** Keys greater than or equal to this one; takes precedence over `gt`. */
  readonly gte?: K | undefined
  /** Keys less than this one. */
  readonly lt?: K | undefined
  /** Keys less than or equal to this one; takes precedence over `lt`. */
  readonly lte?: K | undefined
}

/** Reads of a table. */
export interface TableReads<K, V> {
  /**
   * Reads the latest value of a key; undefined if it has none. Rejects with `STORE_UNAVAILABLE` while the table is not read to
   * its end, and with `NOT_OPEN`, `DECODE_FAILED`, `ENCODE_FAILED`, `CACHE_CORRUPT` and `CACHE_FAILED`.
   */
  get(key: K): Promise<V | undefined>
  /** The same without a promise. Throws as `get` rejects, and `UNSUPPORTED` if the codec of the topic is asynchronous. */
  getSync(key: K): V | undefined
  /** Whether the key has a value. Rejects as `get` does. */
  has(key: K): Promise<boolean>
  /**
   * Iterates over the entries of a range, by default all, in the order of the bytes of their keys, as they were when the first
   * one was asked for. Rejects as `get` does.
   */
  entries(range?: TableRange<K>): AsyncIterableIterator<readonly [key: K, value: V]>
}

/** The reads of one partition of a table. */
export interface PartitionReads<K, V> extends TableReads<K, V> {
  /** The entries, each with the bytes of its key. */
  sorted(range: TableRange<K>): AsyncGenerator<Sorted<readonly [key: K, value: V]>, void>
}

const NO_WRITES = { isEmpty: true, find: () => undefined, entries: () => [] }

type Options = Pick<ReadsOptions<Uint8Array>, 'name' | 'space' | 'opened' | 'now' | 'mayExpire'> & {
  readonly log: Pick<TableLog, 'encodeKey' | 'decodeKey' | 'decodeValue'>
  /** Learns of damage that a read finds. */
  damaged(damage: SnapstreamError): void
}

export function createTableReads<K, V>({ log, damaged, ...stored }: Options): PartitionReads<K, V> {
  const { name } = stored
  const reads = watchReads(
    createReads<Uint8Array, Uint8Array>({ ...stored, format: AS_STORED, above: NO_WRITES }),
    damaged,
  )
  const valueOf = (bytes: Uint8Array | undefined, key: K) =>
    bytes === undefined ? undefined : (log.decodeValue(bytes, key) as V | PromiseLike<V>)

  function encodedRange({ gt, gte, lt, lte, ...others }: TableRange<K>): CacheRange<Uint8Array> {
    const bounds = { gt, gte, lt, lte }
    const encoded = Object.entries(bounds).filter(([, key]) => key !== undefined)
    return { ...others, ...Object.fromEntries(encoded.map(([bound, key]) => [bound, log.encodeKey(key)])) }
  }

  async function* sorted(range: TableRange<K>): AsyncGenerator<Sorted<readonly [key: K, value: V]>, void> {
    for await (const [bytes, stored] of reads.entries(encodedRange(range))) {
      const key = (await log.decodeKey(bytes)) as K
      yield [bytes, [key, (await valueOf(stored, key))!]]
    }
  }

  return {
    async get(key) {
      return valueOf(await reads.get(log.encodeKey(key)), key)
    },
    getSync(key) {
      const value = valueOf(reads.getSync(log.encodeKey(key)), key)
      if (!isThenable(value)) return value
      void Promise.resolve(value).catch(() => {})
      throw new SnapstreamError(
        'UNSUPPORTED',
        `${name} cannot do getSync(): the codec of its topic is asynchronous; use await get(key)`,
      )
    },
    has: async (key) => reads.has(log.encodeKey(key)),
    sorted,
    async *entries(range = {}) {
      for await (const [, entry] of sorted(range)) yield entry
    },
  }
}

/** The codec of the topic decodes the values, as it may be asynchronous. */
const AS_STORED: ValueFormat<Uint8Array> = {
  encoding: 'buffer',
  encode(_, key) {
    throw new SnapstreamError('UNSUPPORTED', `a table is not written, got the key ${describeKey(key)}`)
  },
  decode: (stored) => stored as Uint8Array,
  decodeCopy: (stored) => Buffer.from(stored as Uint8Array),
  decodeEntry: ({ stored }) => stored as Uint8Array,
}
