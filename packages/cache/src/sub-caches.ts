import { Buffer } from 'node:buffer'
import { SnapstreamError } from '@snapstream/core'
import { backendError } from './backend-error.ts'
import type { CacheKey } from './cache-key.ts'
import { checkSubOptions, type SubCacheOptions } from './cache-options.ts'
import type { Cache } from './cache.ts'
import type { Database } from './database.ts'
import { SUB_TAG, createKeySpace, subPrefix } from './key-space.ts'

interface Made {
  // oxlint-disable-next-line typescript/no-explicit-any -- what it holds is known to whoever asks for it
  readonly cache: Cache<any, any>
  readonly options: object
}

type Create = <K extends CacheKey, V>(
  database: Database,
  name: string,
  prefix: string,
  options: SubCacheOptions<V>,
) => Cache<K, V>

/** The sub-caches of one cache, by name. */
export function createSubCaches(
  database: Database,
  parent: string,
  prefix: string,
  createCache: Create,
): Pick<Cache<never, never>, 'sub' | 'subs'> {
  const made = new Map<string, Made>()

  function create<K extends CacheKey, V>(name: string, options: SubCacheOptions<V>): Cache<K, V> {
    const title = `the sub-cache ${JSON.stringify(name)} of ${parent}`
    const cache = createCache<K, V>(database, title, subPrefix(prefix, name), options)
    made.set(name, { cache, options })
    return cache
  }

  return {
    sub<K extends CacheKey = CacheKey, V = unknown>(name: string, options?: SubCacheOptions<V>): Cache<K, V> {
      checkSubOptions(options ?? {})
      const known = made.get(name)
      if (known === undefined) return create<K, V>(name, options ?? {})
      if (options !== undefined && !isSame(known.options, options))
        throw new SnapstreamError(
          'USAGE',
          `the sub-cache ${JSON.stringify(name)} of ${parent} was made with other options; keep it, or ask for it with the same ones or with none`,
        )
      return known.cache
    },
    async subs() {
      const db = database.opened()
      const start = createKeySpace(prefix).under(SUB_TAG)
      const end = createKeySpace(prefix).under(SUB_TAG + 1)
      const iterator = db.keys<Buffer>({ gte: start, lt: end, keyEncoding: 'buffer' })
      const names: string[] = []
      try {
        // From each name straight to what lies behind all that is under it.
        for (let key = await iterator.next(); key !== undefined; key = await iterator.next()) {
          const name = key.subarray(start.length, key.indexOf(0, start.length))
          names.push(name.toString())
          iterator.seek(Buffer.concat([start, name, Buffer.of(1)]))
        }
      } catch (error) {
        throw backendError(error, parent, 'reading the names of sub-caches')
      } finally {
        await iterator.close()
      }
      return names
    },
  }
}

function isSame(one: object, other: object): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].every((name) => one[name as never] === other[name as never])
}
