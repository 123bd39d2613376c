import { SnapstreamError } from '@snapstream/core'
import type { CacheKey } from './cache-key.ts'
import type { SubCacheOptions } from './cache-options.ts'
import type { Cache } from './cache.ts'
import type { Database } from './database.ts'
import type { EntryOptions } from './entry-options.ts'
import { createStore } from './store.ts'
import { createSubCaches } from './sub-caches.ts'

/** A cache of a database, with the surface that people see. */
export function createCache<K extends CacheKey, V>(
  database: Database,
  name: string,
  prefix: string,
  options: SubCacheOptions<V>,
): Cache<K, V> {
  const store = createStore<K, V>(database, name, prefix, options)
  return Object.assign((key: K, value: V, options?: EntryOptions) => store.set(key, value, options), {
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
    ...createSubCaches(database, name, prefix, createCache),
    destroy: prefix === '' ? database.destroy : () => Promise.reject(noFiles(name)),
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
    '~snapstream.sink': store.openWriter,
    '~snapstream.source': store.openReader,
    '~snapstream.key': store.keyOf,
    '~snapstream.local': name,
  })
}

function noFiles(name: string): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `${name} has no files of its own that could be destroyed; clear() it, or destroy() the cache that it is of`,
  )
}
