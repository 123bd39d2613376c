import type { BatchSource, MaybePromise, Resource, SinkTarget } from '@snapstream/core'
import type { AnyBackend } from './any-backend.ts'
import type { Backend } from './backend.ts'
import type { CacheInput } from './cache-input.ts'
import type { CacheKey } from './cache-key.ts'
import type { CacheOperation } from './cache-operation.ts'
import { checkOptions, type CacheOptions, type SubCacheOptions } from './cache-options.ts'
import type { CacheRange } from './cache-range.ts'
import type { CacheReads } from './cache-reads.ts'
import type { CacheSnapshot } from './cache-snapshot.ts'
import type { CacheStats } from './cache-stats.ts'
import { createDatabase } from './database.ts'
import type { EntryOptions } from './entry-options.ts'
import { createCache } from './create-cache.ts'
import type { CacheTransaction } from './transaction.ts'

const BUFFER_BYTES = 16 * 1024 * 1024

/**
 * A persistent map. As a sink it takes `[key, value]`, `[key, value, { ttlMs }]` and `[key, DELETE]`, buffers them and writes one atomic, synced
 * batch a checkpoint; every read sees them at once. As a source it is a live view, not a log: the updates made since
 * reading began, the latest one per key where the reader is slower, no deletions, no replay after a crash.
 */
export interface Cache<K extends CacheKey, V>
  extends CacheReads<K, V>, SinkTarget<CacheInput<K, V>>, BatchSource<readonly [key: K, value: V]>, Resource {
  /**
   * Sets a value. Visible at once, resolves once it is durable; calls made while a batch is being written share the next.
   *
   * Rejects with `NOT_OPEN`, `USAGE` (a key that cannot be one), `ENCODE_FAILED`, and `CACHE_FAILED` or `CACHE_CORRUPT`
   * if the batch failed: the entry then stays visible and goes into the next batch again.
   */
  (key: K, value: V, options?: EntryOptions): Promise<void>
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
   * Reads and writes one key, or several, while no other transaction of this cache has any of them. What `run` puts and
   * removes is visible to others, all at once, when it ends, and durable together when the transaction resolves, with
   * what `run` gave; if `run` throws, nothing is written. Writes past transactions (of sinks, `cache(key, value)`,
   * `batch`) do not wait for it: what comes last counts.
   *
   * Keys are taken all at once and in the order of the calls, so transactions cannot wait for each other in a circle,
   * unless one is started within another. One that waits for `lockWaitMs` rejects with `CACHE_BUSY`, which names the key
   * and says for how long it has been held. Rejects also as setting an entry does, and with `USAGE` for a key that is
   * not one of its own.
   *
   * It is how to update a key from what it holds, wherever something is awaited in between: messages of other partitions
   * are handled meanwhile. Called by a handler of the stream that feeds a cache which is `exactlyOnce`, it is a part of that
   * message: it resolves once its writes are visible, they become durable with the position of the message, are undone if
   * the message fails or is skipped, and no other message gets the keys before the message is done. Elsewhere it rejects
   * with `USAGE` while a stream feeds such a cache.
   *
   * @example
   * await stock.transaction(['shelf', 'cart'], async (transaction) => {
   *   const left = (await transaction.get('shelf')) ?? 0
   *   if (left === 0) throw new Error('none left')
   *   transaction.put('shelf', left - 1)
   *   transaction.put('cart', 1)
   * })
   */
  transaction<T>(keys: K | readonly K[], run: (transaction: CacheTransaction<K, V>) => MaybePromise<T>): Promise<T>
  /**
   * This cache as it is now, for reading, whatever is written later. It keeps the backend from freeing what it shows:
   * close it, or let `await using` do so. Snapshots that are taken of several caches of a database without an `await`
   * in between are of one moment.
   *
   * Throws `NOT_OPEN`, and `UNSUPPORTED` for a backend without explicit snapshots (a single `entries()` is of one moment
   * there too).
   *
   * @example
   * await using then = cache.snapshot()
   * await cache('a', 2)
   * await then.get('a') // what it was
   */
  snapshot(): CacheSnapshot<K, V>
  /**
   * Removes what has ended, and has the backend free the disk that overwritten and removed entries of a range take, by
   * default of the whole cache. Both happens by itself, in time. Not all backends have such a call.
   */
  compact(range?: CacheRange<K>): Promise<void>
  /**
   * Counts the entries of a range, by default all of the cache, which takes reading their keys, and asks the backend how
   * much they take.
   */
  stats(range?: CacheRange<K>): Promise<CacheStats>
  /**
   * Removes a cache and its sub-caches for good: LevelDB's files, or all that a database holds that somebody made. It has
   * to be closed. A folder that is not there is no error. Rejects with `CACHE_LOCKED` if it is open, here or in another
   * process, with `CACHE_FAILED`, and with `USAGE` for a sub-cache.
   */
  destroy(): Promise<void>
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
  /**
   * All entries in the order of their keys, as `entries()` gives them. The loop opens the cache and closes it again when it
   * is left, so that no `open` is needed. Rejects as `open` and `entries` do.
   *
   * @example
   * for await (const [key, value] of cache) console.log(key, value)
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<readonly [key: K, value: V]>
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
  location: string | AnyBackend,
  options: CacheOptions<V> = {},
): Cache<K, V> {
  checkOptions(options)
  const { bufferBytes = BUFFER_BYTES, readOnly = false, exactlyOnce = false } = options
  const database = createDatabase(location as string | Backend, { bufferBytes, readOnly, exactlyOnce })
  return createCache<K, V>(database, database.name, '', options)
}
