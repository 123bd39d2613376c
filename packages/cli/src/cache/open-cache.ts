import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Cache } from '@snapstream/cache'
import type { CacheKey } from '@snapstream/cache'
import { BytesCodec, SnapstreamError } from '@snapstream/core'
import type { Io } from '../io.ts'
import { loadBeside } from '../settings/load-beside.ts'

type RawCache = Cache<CacheKey, Uint8Array>
type Backend = Exclude<Parameters<typeof Cache>[0], string>

interface CacheLmdb {
  readonly LmdbLevel: new (folder: string, options: { readonly readOnly: true }) => Backend
}

/** Opens a cache of LevelDB or LMDB to read it, also while a program has it open. Does not create one. */
export async function openCache(path: string, io: Pick<Io, 'cwd' | 'env'>): Promise<RawCache> {
  const folder = resolve(io.cwd, path)
  const cache = Cache<CacheKey, Uint8Array>(await backendOf(folder, path, io), { codec: BytesCodec(), readOnly: true })
  await cache.open()
  return cache
}

/** A sub-cache with entries. Throws `CACHE_FAILED` for another name, which is likely a typing error. */
export async function openSubCache(cache: RawCache, name: string): Promise<RawCache> {
  const names = await cache.subs()
  if (names.includes(name)) return cache.sub<CacheKey, Uint8Array>(name, { codec: BytesCodec() })
  const there = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
  throw new SnapstreamError('CACHE_FAILED', `the cache has no sub-cache ${JSON.stringify(name)}: ${there}`)
}

/** A folder, or the package's database for it. `path`: the folder in error messages. Throws `CACHE_FAILED`. */
export async function backendOf(folder: string, path: string, io: Pick<Io, 'cwd' | 'env'>): Promise<string | Backend> {
  if (isLevel(folder)) return folder
  if (isLmdb(folder)) {
    const { LmdbLevel } = await loadBeside<CacheLmdb>('@snapstream/cache-lmdb', 'a cache of LMDB', io)
    return new LmdbLevel(folder, { readOnly: true })
  }
  const why = existsSync(folder) ? 'the folder is neither one of LevelDB nor one of LMDB' : 'the folder does not exist'
  throw new SnapstreamError('CACHE_FAILED', `no cache at ${JSON.stringify(path)}: ${why}`)
}

const isLevel = (folder: string) => existsSync(join(folder, 'CURRENT'))
const isLmdb = (folder: string) => existsSync(join(folder, 'data.mdb'))

/** Whether a folder has a database of LevelDB or LMDB. */
export const isDatabase = (folder: string): boolean => isLevel(folder) || isLmdb(folder)
