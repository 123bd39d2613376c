import {
  SnapstreamError,
  type BatchSource,
  type MaybePromise,
  type ReaderOptions,
  type Resource,
  type SinkOptions,
  type SinkTarget,
} from '@snapstream/core'
import type { OperatorAccess } from '@snapstream/core/adapter'
import type { AnyBackend } from './backend/backend.ts'
import { checkProtocol } from './check-protocol.ts'
import { createDatabase, type Database } from './database/database.ts'
import type { CacheStats } from './database/maintenance.ts'
import type { CacheKey } from './entry/cache-key.ts'
import type { CacheInput, CacheOperation, EntryOptions } from './entry/entry.ts'
import { subPrefix } from './entry/key-space.ts'
import type { CacheRange } from './entry/range.ts'
import { checkOptions, checkSubOptions, type CacheOptions, type SubCacheOptions } from './options.ts'
import type { CacheReads } from './reading/reads.ts'
import type { CacheSnapshot } from './reading/snapshot.ts'
import { readSubNames } from './reading/sub-names.ts'
import { createStore } from './store.ts'
import type { CacheTransaction } from './transaction/transaction.ts'

const BUFFER_BYTES = 16 * 1024 * 1024

/**
 * A persistent map. As a sink it takes `[key, value]`, `[key, value, { ttlMs }]` and `[key, DELETE]`, buffers them and
 * writes one atomic, synced batch at each checkpoint; every read sees them at once. As a source it is a live view, not a
 * log: it gives the updates made since reading began, the latest one per key where the reader is slower, no deletions, and
 * no replay after a crash.
 */
export interface Cache<K extends CacheKey, V>
  extends CacheReads<K, V>, SinkTarget<CacheInput<K, V>>, BatchSource<readonly [key: K, value: V]>, Resource {
  /**
   * Sets a value, which is visible at once. Resolves when it is durable; calls made while a batch is being written share
   * the next one.
   *
   * Rejects with `NOT_OPEN`, `USAGE` (an invalid key or option), `ENCODE_FAILED`, and with `CACHE_FAILED` or
   * `CACHE_CORRUPT` if the batch failed: then the entry stays visible and goes into the next batch.
   */
  (key: K, value: V, options?: EntryOptions): Promise<void>
  /** Removes an entry, if there is one. Resolves and rejects as setting a value does. */
  del(key: K): Promise<void>
  /**
   * Writes several entries as one: all become visible at once, and durable together or not at all. Of several operations
   * on a key the last one counts. Resolves and rejects as setting a value does; one invalid operation refuses all.
   *
   * @example
   * await cache.batch([{ type: 'put', key: 'a', value: 1 }, { type: 'del', key: 'b' }])
   */
  batch(operations: readonly CacheOperation<K, V>[]): Promise<void>
  /**
   * Removes the entries of a range, by default all of this cache (none of its sub-caches), that exist when it is called.
   * Writes batches of 10,000 entries, each of them atomic and durable. Rejects as `entries` and `del` do.
   */
  clear(range?: CacheRange<K>): Promise<void>
  /**
   * Reads and writes one key, or several, while no other transaction of this cache has any of them. The writes of `run`
   * become visible to others, all at once, when it ends. The transaction resolves with the result of `run` when they are
   * durable. If `run` throws, nothing is written. Other writes (of sinks, `cache(key, value)`, `batch`) do not wait for
   * transactions: the last write counts.
   *
   * A transaction takes all its keys at once, in the order of the calls, so transactions cannot deadlock unless one is
   * started within another. One that waits for longer than `lockWaitMs` rejects with `CACHE_BUSY`, which names the key and
   * how long it has been held. Rejects also as setting a value does, and with `USAGE` for a key that is not one of its own.
   *
   * Use it to update a key from its value wherever the handler awaits in between: messages of other partitions are handled
   * meanwhile. In a cache that is `exactlyOnce`, a transaction of a handler of the stream that feeds the cache is a part of
   * its message: it resolves when its writes are visible; they become durable with the position of the message and are
   * undone if the message fails or is skipped; no other message gets the keys before the message is done. Elsewhere it
   * rejects with `USAGE` while a stream feeds such a cache.
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
   * Takes a snapshot: this cache as it is now, for reading, whatever is written later. It keeps the backend from freeing
   * the entries that it shows: close it, or let `await using` do so. Snapshots of several caches of a database that are
   * taken without an `await` in between are of the same moment.
   *
   * Throws `NOT_OPEN`, and `UNSUPPORTED` for a backend without explicit snapshots (a single `entries()` is of one moment
   * there too).
   *
   * @example
   * await using then = cache.snapshot()
   * await cache('a', 2)
   * await then.get('a') // the value before
   */
  snapshot(): CacheSnapshot<K, V>
  /**
   * Removes expired entries, and has the backend free the disk that overwritten and removed entries of a range take, by
   * default of the whole cache. Both also happen over time without this call. A backend without such a call frees nothing.
   * Rejects with `NOT_OPEN`, `UNSUPPORTED` (read-only), `USAGE` and `CACHE_FAILED`.
   */
  compact(range?: CacheRange<K>): Promise<void>
  /**
   * Counts the entries of a range, by default all of the cache, and asks the backend for their size. It reads all keys of
   * the range. Rejects as `keys` does.
   */
  stats(range?: CacheRange<K>): Promise<CacheStats>
  /**
   * Removes a cache and its sub-caches for good: the files of LevelDB, or all entries of a database that the user made. The
   * cache has to be closed. A folder that does not exist is no error. Rejects with `CACHE_LOCKED` if it is open in this or
   * another process, with `CACHE_FAILED`, `UNSUPPORTED` (read-only), and with `USAGE` for a sub-cache.
   */
  destroy(): Promise<void>
  /**
   * Returns a cache of its own in the same database: with its own keys, and a codec of its own. A checkpoint writes all
   * caches of a database in one atomic batch. A sub-cache is a sink and a source like any cache, may have sub-caches
   * itself, and is open while any cache of the database is.
   *
   * The same name gives the same cache. Throws `USAGE` for a name that is empty or has the character NUL, and for options
   * that differ from those of the first call.
   *
   * @example
   * const orders = Cache<string, Order>('db/orders')
   * const totals = orders.sub<string, number>('totals')
   */
  sub<K2 extends CacheKey = CacheKey, V2 = unknown>(name: string, options?: SubCacheOptions<V2>): Cache<K2, V2>
  /** The names of the sub-caches that have entries in the backend, in order. Rejects with `NOT_OPEN` and `CACHE_FAILED`. */
  subs(): Promise<string[]>
  /**
   * Opens the backend; a folder is created. Opening is counted: the cache stays open until each `open` had its `close`.
   * `stream` does both for the caches that it uses.
   *
   * Rejects with `CACHE_LOCKED` (open in another process, or by another Cache in this one), `CACHE_CORRUPT` and
   * `CACHE_FAILED`.
   */
  open(): Promise<void>
  /** Writes the buffered entries, then closes. If they cannot be written, it closes all the same and rejects with `CACHE_FAILED`. */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
  /**
   * Iterates over all entries in the order of their keys, as `entries()` does. The loop opens the cache and closes it
   * again, so no `open` is needed. Rejects as `open` and `entries` do.
   *
   * @example
   * for await (const [key, value] of cache) console.log(key, value)
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<readonly [key: K, value: V]>
  /**
   * The access of operators: windows, joins and others that keep their state in the cache, with all partitions in this process. In
   * a stream with such an operator, each write has to belong to a message.
   */
  readonly '~snapstream.operator': OperatorAccess<K, V>
}

/**
 * Makes a cache, called without `new`. It opens nothing: `stream` opens the caches that are bound or in `use`; elsewhere
 * call `await cache.open()`.
 *
 * Throws `USAGE` for an invalid location or option.
 *
 * @param location A folder for LevelDB, or any abstract-level database. A database that is not open is opened, and closed,
 *   with the cache.
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
  checkProtocol()
  checkOptions(options)
  const { bufferBytes = BUFFER_BYTES, readOnly = false, exactlyOnce = false } = options
  const database = createDatabase(location, { bufferBytes, readOnly, exactlyOnce })
  return createCache<K, V>(database, { name: database.name, prefix: '' }, options)
}

/** A cache among those of a database: its name for error messages, and the prefix of its keys. */
interface Place {
  readonly name: string
  readonly prefix: string
}

function createCache<K extends CacheKey, V>(
  database: Database,
  { name, prefix }: Place,
  options: SubCacheOptions<V>,
): Cache<K, V> {
  const store = createStore<K, V>(database, name, prefix, options)
  const cache = Object.assign((key: K, value: V, options?: EntryOptions) => store.set(key, value, options), {
    get: store.get,
    getSync: store.getSync,
    getMany: store.getMany,
    has: store.has,
    entries: store.entries,
    keys: store.keys,
    values: store.values,
    del: store.del,
    batch: store.batch,
    clear: store.clear,
    transaction: store.transaction,
    snapshot: store.snapshot,
    compact: store.compact,
    stats: store.stats,
    sub: createSubs(database, { name, prefix }),
    subs: async () => readSubNames(database.opened(), name, prefix),
    destroy: prefix === '' ? database.destroy : () => Promise.reject(hasNoFiles(name)),
    open: database.open,
    close: database.close,
    [Symbol.asyncDispose]: database.close,
    async *[Symbol.asyncIterator]() {
      await database.open()
      try {
        yield* store.entries()
      } finally {
        await database.close()
      }
    },
    '~snapstream.sink'(options: SinkOptions) {
      checkProtocol(options.scope)
      return store.openSink(options)
    },
    '~snapstream.source'(options: ReaderOptions) {
      checkProtocol(options.scope)
      return store.openReader(options)
    },
    '~snapstream.key': store.keyOf,
    '~snapstream.local': name,
  })
  // A getter: the cache learns that an operator keeps its state here.
  Object.defineProperty(cache, '~snapstream.operator', { get: store.operator })
  return cache as typeof cache & Pick<Cache<K, V>, '~snapstream.operator'>
}

/** The method `sub` of a cache: makes a sub-cache when its name is first asked for. */
function createSubs(database: Database, { name: parent, prefix }: Place): Cache<never, never>['sub'] {
  // oxlint-disable-next-line typescript/no-explicit-any -- the caller knows the types of its sub-cache
  const made = new Map<string, { readonly cache: Cache<any, any>; readonly options: object }>()
  return <K extends CacheKey = CacheKey, V = unknown>(name: string, options?: SubCacheOptions<V>): Cache<K, V> => {
    checkSubOptions(options ?? {})
    const title = `the sub-cache ${JSON.stringify(name)} of ${parent}`
    const known = made.get(name)
    if (known === undefined) {
      const place = { name: title, prefix: subPrefix(prefix, name) }
      const cache = createCache<K, V>(database, place, options ?? {})
      made.set(name, { cache, options: options ?? {} })
      return cache
    }
    if (options !== undefined && !isSame(known.options, options))
      throw new SnapstreamError(
        'USAGE',
        `${title} was made with other options; use the same ones, or call sub() without options`,
      )
    return known.cache
  }
}

function isSame(one: object, other: object): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].every((name) => one[name as never] === other[name as never])
}

function hasNoFiles(name: string): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `${name} has no files of its own to destroy; clear() it, or destroy() the cache that it belongs to`,
  )
}
