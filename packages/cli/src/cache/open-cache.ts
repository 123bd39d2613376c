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

/** Opens a cache to be looked at, be it of LevelDB or of LMDB, also while a program has it open. It is not made by that. */
export async function openCache(path: string, io: Pick<Io, 'cwd' | 'env'>): Promise<RawCache> {
  const folder = resolve(io.cwd, path)
  const cache = Cache<CacheKey, Uint8Array>(await backendOf(folder, path, io), { codec: BytesCodec(), readOnly: true })
  await cache.open()
  return cache
}

/** One of its sub-caches. Asking for one makes it, in name: one that holds nothing is a slip of the keyboard. */
export async function openSubCache(cache: RawCache, name: string): Promise<RawCache> {
  const names = await cache.subs()
  if (names.includes(name)) return cache.sub<CacheKey, Uint8Array>(name, { codec: BytesCodec() })
  const there = names.length === 0 ? 'it has none' : `there are ${names.join(', ')}`
  throw new SnapstreamError('CACHE_FAILED', `the cache has no sub-cache ${JSON.stringify(name)}: ${there}`)
}

async function backendOf(folder: string, path: string, io: Pick<Io, 'cwd' | 'env'>): Promise<string | Backend> {
  if (existsSync(join(folder, 'CURRENT'))) return folder
  if (existsSync(join(folder, 'data.mdb'))) {
    const { LmdbLevel } = await loadBeside<CacheLmdb>('@snapstream/cache-lmdb', 'a cache of LMDB', io)
    return new LmdbLevel(folder, { readOnly: true })
  }
  const why = existsSync(folder) ? 'that is neither a folder of LevelDB nor one of LMDB' : 'there is no such folder'
  throw new SnapstreamError('CACHE_FAILED', `there is no cache at ${JSON.stringify(path)}: ${why}`)
}
