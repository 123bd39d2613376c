import {
  bodyOf,
  createReads,
  describeKey,
  type KeySpace,
  type ReadsOptions,
  type ValueFormat,
} from '@snapstream/cache/storage'
import type { CacheRange } from '@snapstream/cache'
import { SnapstreamError, describe } from '@snapstream/core'
import { isThenable, type TableLog } from '@snapstream/core/adapter'
import { Buffer } from 'node:buffer'
import { watchReads } from './damage.ts'
import { valueAt } from './history.ts'
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

/** Reads of the part of a table. */
export interface TablePartReads<K, V> extends TableReads<K, V> {
  /**
   * The value that a key had at a time, in ms since the epoch, by the timestamps of the records. Undefined: it had none, or what it
   * had is older than `versionedMs` and not kept any more. Throws as `getSync` does, and `USAGE` for a table without `versionedMs`.
   *
   * @example
   * const rates = Table(Topic('rates'), { versionedMs: 86_400_000 })
   * snap(orders, { use: [rates], sink: [out] })((order) => rates.of(order).getAsOf('EUR', order.timestamp))
   */
  getAsOf(key: K, time: number): V | undefined
}

/** The reads of one partition of a table. */
export interface PartitionReads<K, V> extends TablePartReads<K, V> {
  /** The entries, each with the bytes of its key. */
  sorted(range: TableRange<K>): AsyncGenerator<Sorted<readonly [key: K, value: V]>, void>
}

const NO_WRITES = { isEmpty: true, find: () => undefined, entries: () => [] }

type Options = Pick<ReadsOptions<Uint8Array>, 'name' | 'space' | 'opened' | 'now' | 'mayExpire'> & {
  /** The histories of the keys; undefined: the table has none. */
  readonly versions: KeySpace | undefined
  readonly log: Pick<TableLog, 'encodeKey' | 'decodeKey' | 'decodeValue'>
  /** Learns of damage that a read finds. */
  damaged(damage: SnapstreamError): void
}

export function createTableReads<K, V>({ log, damaged, versions, ...stored }: Options): PartitionReads<K, V> {
  const { name, now } = stored
  const reads = watchReads(
    createReads<Uint8Array, Uint8Array>({ ...stored, format: AS_STORED, above: NO_WRITES }),
    damaged,
  )
  const histories =
    versions &&
    watchReads(
      createReads<Uint8Array, Uint8Array>({ ...stored, space: versions, format: AS_STORED, above: NO_WRITES }),
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

  /** The value, if it is not a promise of one. */
  function atOnce(value: V | PromiseLike<V> | undefined, method: string): V | undefined {
    if (!isThenable(value)) return value
    void Promise.resolve(value).catch(() => {})
    throw new SnapstreamError(
      'UNSUPPORTED',
      `${name} cannot do ${method}(): the codec of its topic is asynchronous${method === 'getSync' ? '; use await get(key)' : ''}`,
    )
  }

  return {
    async get(key) {
      return valueOf(await reads.get(log.encodeKey(key)), key)
    },
    getSync: (key) => atOnce(valueOf(reads.getSync(log.encodeKey(key)), key), 'getSync'),
    getAsOf(key, time) {
      if (histories === undefined)
        throw new SnapstreamError(
          'USAGE',
          `${name} has the latest value of each key only; give the table versionedMs, the time for which it keeps the others`,
        )
      if (typeof time !== 'number' || Number.isNaN(time))
        throw new SnapstreamError('USAGE', `getAsOf() takes a time in ms since the epoch, got ${describe(time)}`)
      const history = histories.getSync(log.encodeKey(key))
      const stored = history && valueAt(Buffer.from(history), time)
      return atOnce(valueOf(stored && bodyOf(stored, now), key), 'getAsOf')
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
