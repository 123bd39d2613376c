import type { CacheKey } from './cache-key.ts'
import type { DELETE } from './delete.ts'
import type { EntryOptions } from './entry-options.ts'

/** What a cache takes as a sink: an entry, or `[key, DELETE]` to remove one. */
export type CacheInput<K extends CacheKey, V> = readonly [key: K, value: V | typeof DELETE, options?: EntryOptions]
