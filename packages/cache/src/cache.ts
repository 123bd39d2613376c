import type { BatchSource, Resource, SinkTarget, SyncCodec } from '@snapstream/core'
import type { Backend } from './backend.ts'
import type { CacheKey } from './cache-key.ts'
import type { CacheRange } from './cache-range.ts'
import { checkOptions } from './cache-options.ts'
import { createStore } from './store.ts'
import type { DELETE } from './delete.ts'

export interface CacheOptions<V> {
  /**
   * How values become bytes; it has to be synchronous.
   *
   * @default JSON, which refuses what it would lose (undefined, functions, NaN, a Map, ...)
   */
  readonly codec?: SyncCodec<V> | undefined
  /**
   * How much a sink may buffer between two checkpoints, in bytes, about 200 per entry included. More than that is written
   * at once, and the sink's writer waits. While a batch is being written the same amount may gather again.
   *
   * @default 16_777_216 (16 MiB)
   */
  readonly bufferBytes?: number | undefined
  /**
   * Keeps the positions of the topics that feed it, in the batch that holds what came of them: after a crash a stream goes on
   * exactly where the cache is, and each record counts once. Nothing is committed to the group. Its sources have to be
   * topics that feed nothing else that is exactly once, each read by one binding; while the stream runs, all writes have to
   * come through it; at each checkpoint what feeds it waits until the batch is written.
   *
   * @default false: after a crash, what was handled since the last checkpoint is handled again
   */
  readonly exactlyOnce?: boolean | undefined
}

/**
 * A persistent map. As a sink it takes `[key, value]` and `[key, DELETE]`, buffers them and writes one atomic, synced
 * batch a checkpoint; every read sees them at once. As a source it is a live view, not a log: the updates made since
 * reading began, the latest one per key where the reader is slower, no deletions, no replay after a crash.
 */
export interface Cache<K extends CacheKey, V>
  extends SinkTarget<readonly [key: K, value: V | typeof DELETE]>, BatchSource<readonly [key: K, value: V]>, Resource {
  /**
   * Sets a value. Visible at once, resolves once it is durable; calls made while a batch is being written share the next.
   *
   * Rejects with `NOT_OPEN`, `USAGE` (a key that cannot be one), `ENCODE_FAILED`, and `CACHE_FAILED` or `CACHE_CORRUPT`
   * if the batch failed: the entry then stays visible and goes into the next batch again.
   */
  (key: K, value: V): Promise<void>
  /** The value of a key, or undefined. Rejects with `NOT_OPEN`, `USAGE`, `DECODE_FAILED`, `CACHE_CORRUPT`, `CACHE_FAILED`. */
  get(key: K): Promise<V | undefined>
  /** The same without a promise, for use inside handlers. Also throws `UNSUPPORTED` where the backend cannot do it. */
  getSync(key: K): V | undefined
  has(key: K): Promise<boolean>
  /** Removes an entry, if there is one. Resolves and rejects as setting one does. */
  del(key: K): Promise<void>
  /**
   * The entries in the order of their keys, as they were when the first one was asked for.
   *
   * @example
   * for await (const [key, value] of cache.entries({ gte: 'a', lt: 'b', limit: 10 })) console.log(key, value)
   */
  entries(range?: CacheRange<K>): AsyncIterableIterator<readonly [key: K, value: V]>
  /**
   * Opens the backend; a folder is created. Counted: it stays open until each `open` had its `close`. `stream` does both.
   *
   * Rejects with `CACHE_LOCKED` (held by another process, or by another Cache in this one), `CACHE_CORRUPT`, `CACHE_FAILED`.
   */
  open(): Promise<void>
  /** Writes what is buffered, then closes. Rejects with `CACHE_FAILED` if that could not be written; it is closed then too. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Makes a cache, called without `new`. Nothing is opened yet: `stream` does that for caches that are bound or in `use`,
 * otherwise `await cache.open()`.
 *
 * Throws `USAGE` for a location or an option that it does not take.
 *
 * @param location A folder for LevelDB, or any abstract-level database, which is opened if need be (and then closed).
 *
 * @example
 * const totals = Cache<string, number>('db/totals')
 * await totals.open()
 * await totals('a', 1)
 * totals.getSync('a') // 1
 * await totals.close()
 */
export function Cache<K extends CacheKey = CacheKey, V = unknown>(
  location: string | Backend,
  options: CacheOptions<V> = {},
): Cache<K, V> {
  checkOptions(options)
  const store = createStore<K, V>(location, options)
  return Object.assign((key: K, value: V) => store.set(key, value), {
    get: store.get,
    getSync: store.getSync,
    has: store.has,
    del: store.del,
    entries: store.entries,
    open: store.open,
    close: store.close,
    [Symbol.asyncDispose]: store.close,
    '~snapstream.sink': store.openWriter,
    '~snapstream.source': store.openReader,
    '~snapstream.key': store.keyOf,
  })
}
