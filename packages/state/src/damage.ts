import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import type { AnyBackend } from '@snapstream/cache/storage'
import type { CacheKey, CacheReads } from '@snapstream/cache'
import { SnapstreamError } from '@snapstream/core'

export function isDamage(error: unknown): error is SnapstreamError {
  return SnapstreamError.is(error) && error.code === 'CACHE_CORRUPT'
}

/** The folder of a database; undefined if it has none. */
export function folderOf(location: string | AnyBackend): string | undefined {
  if (typeof location === 'string') return location
  const { location: folder } = location as { location?: unknown }
  return typeof folder === 'string' && location.supports.permanence ? folder : undefined
}

/**
 * Gives a damaged folder another name, so that a new one is begun in its place, which is filled from the changelogs. Nothing is
 * deleted. Returns the report.
 */
export async function setAside(folder: string, damage: SnapstreamError): Promise<SnapstreamError> {
  let n = 1
  while (existsSync(`${folder}.damaged-${n}`)) n++
  const kept = `${folder}.damaged-${n}`
  await rename(folder, kept)
  return new SnapstreamError(
    'CACHE_CORRUPT',
    `a folder of stores is damaged (${damage.message}); it is kept as ${kept}, and its parts are rebuilt from their changelogs in ${folder}`,
    { cause: damage },
  )
}

/** The same reads; `onDamage` learns of damage that one of them finds. */
export function watchReads<K extends CacheKey, V>(
  reads: CacheReads<K, V>,
  onDamage: (damage: SnapstreamError) => void,
): CacheReads<K, V> {
  const failed = (error: unknown): never => {
    if (isDamage(error)) onDamage(error)
    throw error
  }
  async function* watch<T>(items: AsyncIterableIterator<T>): AsyncGenerator<T, void> {
    try {
      yield* items
    } catch (error) {
      failed(error)
    }
  }
  return {
    get: (key) => reads.get(key).catch(failed),
    getSync(key) {
      try {
        return reads.getSync(key)
      } catch (error) {
        return failed(error)
      }
    },
    getMany: (keys) => reads.getMany(keys).catch(failed),
    has: (key) => reads.has(key).catch(failed),
    entries: (range) => watch(reads.entries(range)),
    keys: (range) => watch(reads.keys(range)),
    values: (range) => watch(reads.values(range)),
  }
}
