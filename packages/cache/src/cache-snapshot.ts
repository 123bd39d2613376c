import type { CacheKey } from './cache-key.ts'
import type { CacheReads } from './cache-reads.ts'

/** A cache as it was at one moment. Its reads reject with `NOT_OPEN` once it or the cache is closed. */
export interface CacheSnapshot<K extends CacheKey, V> extends CacheReads<K, V> {
  /** Lets go of it. Closing it twice does no harm. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
