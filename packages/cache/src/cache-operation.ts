import type { CacheKey } from './cache-key.ts'
import type { EntryOptions } from './entry-options.ts'

/** One write of a batch, in abstract-level's shape. */
export type CacheOperation<K extends CacheKey = CacheKey, V = unknown> =
  | ({ readonly type: 'put'; readonly key: K; readonly value: V } & EntryOptions)
  | { readonly type: 'del'; readonly key: K }
