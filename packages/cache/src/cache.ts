import type { BatchSource, Resource, SinkTarget } from '@snapstream/core'
import type { Backend } from './backend.ts'
import type { CacheKey } from './cache-key.ts'
import type { CacheOperation } from './cache-operation.ts'
import { checkOptions, type CacheOptions, type SubCacheOptions } from './cache-options.ts'
import type { CacheRange } from './cache-range.ts'
import type { CacheReads } from './cache-reads.ts'
import { createDatabase } from './database.ts'
import type { DELETE } from './delete.ts'
import { createCache } from './create-cache.ts'

const BUFFER_BYTES = 16 * 1024 * 1024

/**
 * A persistent map. As a sink it takes `[key, value]` and `[key, DELETE]`, buffers them and writes one atomic, synced
 * batch a checkpoint; every read sees them at once. As a source it is a live view, not a log: the updates made since
 * reading began, the latest one per key where the reader is slower, no deletions, no replay after a crash.
 */
export interface Cache<K extends CacheKey, V>
  extends
    CacheReads<K, V>,
    SinkTarget<readonly [key: K, value: V | typeof DELETE]>,
    BatchSource<readonly [key: K, value: V]>,
    Resource {
  /**
   * Sets a value. Visible at once, resolves once it is durable; calls made while a batch is being written share the next.
   *
   * Rejects with `NOT_OPEN`, `USAGE` (a key that cannot be one), `ENCODE_FAILED`, and `CACHE_FAILED` or `CACHE_CORRUPT`
   * if the batch failed: the entry then stays visible and goes into the next batch again.
   */
  (key: K, value: V): Promise<void>
  /** Removes an entry, if there is one. Resolves and rejects as setting one does. */
  del(key: K): Promise<void>
  /**
   * Several writes as one: all of them are visible at once, and durable together or not at all. A key that comes twice
   * has what came last. Resolves and rejects as setting an entry does; an operation that is refused refuses all.
   *
   * @example
   * await cache.batch([{ type: 'put', key: 'a', value: 1 }, { type: 'del', key: 'b' }])
   */
  batch(operations: readonly CacheOperation<K, V>[]): Promise<void>
  /**
   * Removes the entries of a range, by default all of this cache (none of its sub-caches): those that were there when it
   * was called. They go in batches of 10,000, each of them atomic and durable. Rejects as `entries` and `del` do.
   */
  clear(range?: CacheRange<K>): Promise<void>
  /**
   * A cache of its own in the same database: its keys are apart from all others, its values have a codec of their own. What
   * a checkpoint writes to it and to the other caches of the database is one atomic batch. It is a sink and a source like
   * any cache, may have sub-caches itself, and is open while any cache of the database is.
   *
   * The same name gives the same cache. Throws `USAGE` for a name that is empty or holds the character NUL, and for
   * options other than those that it was first made with.
   *
   * @example
   * const orders = Cache<string, Order>('db/orders')
   * const totals = orders.sub<string, number>('totals')
   */
  sub<K2 extends CacheKey = CacheKey, V2 = unknown>(name: string, options?: SubCacheOptions<V2>): Cache<K2, V2>
  /** The names of the sub-caches that hold something in the backend, in order. Rejects with `NOT_OPEN`, `CACHE_FAILED`. */
  subs(): Promise<string[]>
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
  const database = createDatabase(location, options.bufferBytes ?? BUFFER_BYTES)
  return createCache<K, V>(database, database.name, '', options)
}
