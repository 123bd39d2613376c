import type { Buffer } from 'node:buffer'
import { backendError } from './backend-error.ts'
import type { CacheKey } from './cache-key.ts'
import { encodeRange, type CacheRange } from './cache-range.ts'
import type { CacheStats } from './cache-stats.ts'
import type { Database } from './database.ts'
import type { KeySpace } from './key-space.ts'

interface UpkeepOptions<K extends CacheKey> {
  readonly name: string
  readonly space: KeySpace
  readonly database: Database
  keys(range: CacheRange<K>): AsyncIterable<K>
  /** Whether entries that have ended, or are too many, are still in the backend. */
  isBehind(): boolean
}

export interface Upkeep<K extends CacheKey> {
  compact(range?: CacheRange<K>): Promise<void>
  stats(range?: CacheRange<K>): Promise<CacheStats>
}

const KEY = { keyEncoding: 'buffer' } as const

/** What LevelDB, and whoever follows it, has beyond abstract-level; `supports.additionalMethods` says so. */
interface Additional {
  compactRange(start: Buffer, end: Buffer, options: typeof KEY): Promise<void>
  approximateSize(start: Buffer, end: Buffer, options: typeof KEY): Promise<number>
}

export function createUpkeep<K extends CacheKey>(options: UpkeepOptions<K>): Upkeep<K> {
  const { name, space, database, keys, isBehind } = options

  async function ask<M extends keyof Additional>(method: M, range: CacheRange<K>, doing: string) {
    const db = database.opened()
    const { gte, lt } = encodeRange(range, space).bounds
    if (!db.supports.additionalMethods[method]) return undefined
    try {
      return (await (db as unknown as Additional)[method](gte, lt, KEY)) as Awaited<ReturnType<Additional[M]>>
    } catch (error) {
      throw backendError(error, name, doing)
    }
  }

  return {
    async compact(range = {}) {
      database.writable()
      while (isBehind()) await database.commit(false)
      await ask('compactRange', range, 'compacting')
    },
    async stats(range = {}) {
      const rangeBytes = await ask('approximateSize', range, 'asking for the size of a range')
      let entries = 0
      // Only their number counts.
      for await (const _ of keys(range)) entries++
      return { entries, rangeBytes, diskBytes: await database.diskBytes() }
    },
  }
}
