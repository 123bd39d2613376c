import type { CacheKey } from './cache-key.ts'
import type { CacheRange } from './cache-range.ts'

/** What can be read, from a cache and from a snapshot of one. */
export interface CacheReads<K extends CacheKey, V> {
  /**
   * The value of a key, or undefined. What is written from it after an `await` may undo what others wrote meanwhile: use
   * `transaction` for that. Rejects with `NOT_OPEN`, `USAGE`, `DECODE_FAILED`, `CACHE_CORRUPT`, `CACHE_FAILED`.
   */
  get(key: K): Promise<V | undefined>
  /** The same without a promise, for use inside handlers. Also throws `UNSUPPORTED` where the backend cannot do it. */
  getSync(key: K): V | undefined
  /** The values of several keys in the order of the keys, undefined for those that are not there. One call to the backend. */
  getMany(keys: readonly K[]): Promise<(V | undefined)[]>
  has(key: K): Promise<boolean>
  /**
   * The entries in the order of their keys, as they were when the first one was asked for.
   *
   * @example
   * for await (const [key, value] of cache.entries({ gte: 'a', lt: 'b', limit: 10 })) console.log(key, value)
   */
  entries(range?: CacheRange<K>): AsyncIterableIterator<readonly [key: K, value: V]>
  /** The keys alone: no value is decoded. */
  keys(range?: CacheRange<K>): AsyncIterableIterator<K>
  /** The values alone, in the order of their keys. */
  values(range?: CacheRange<K>): AsyncIterableIterator<V>
}
