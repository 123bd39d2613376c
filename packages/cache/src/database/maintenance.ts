import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { backendError } from '../backend/backend-error.ts'
import type { CacheKey } from '../entry/cache-key.ts'
import type { KeySpace } from '../entry/key-space.ts'
import { encodeRange, type CacheRange } from '../entry/range.ts'
import type { Database } from './database.ts'

/** The number and size of a cache's entries. */
export interface CacheStats {
  /** The number of entries in the range, including those that are not durable yet. */
  readonly entries: number
  /**
   * The size of the range in the backend, in bytes: an estimate, compressed, and without recent writes (LevelDB counts its
   * tables and not its log). Undefined where the backend has no such estimate.
   */
  readonly rangeBytes: number | undefined
  /** The size of all files of the database, in bytes, whatever the range. Undefined where it has no files. */
  readonly diskBytes: number | undefined
}

/** Methods that LevelDB, LMDB and others have beyond abstract-level; `supports.additionalMethods` names them. */
interface AdditionalMethods {
  compactRange(start: Buffer, end: Buffer, options: typeof KEY): Promise<void>
  approximateSize(start: Buffer, end: Buffer, options: typeof KEY): Promise<number>
}

/** The entries that are compacted or measured. */
interface Target {
  /** For error messages. */
  readonly name: string
  readonly space: KeySpace
  readonly database: Pick<Database, 'opened'>
}

const KEY = { keyEncoding: 'buffer' } as const

/** Has the backend free the disk of overwritten and removed entries, if it can. */
export async function compactRange(target: Target, range: CacheRange): Promise<void> {
  await callAdditional(target, 'compactRange', range, 'compacting')
}

export async function statsOf(
  target: Target & { readonly database: Pick<Database, 'path'> },
  range: CacheRange,
  keys: AsyncIterable<CacheKey>,
): Promise<CacheStats> {
  const rangeBytes = await callAdditional(target, 'approximateSize', range, 'asking for the size of a range')
  let entries = 0
  for await (const _ of keys) entries++
  const path = target.database.path()
  return { entries, rangeBytes, diskBytes: path === undefined ? undefined : await diskBytes(path) }
}

async function callAdditional<M extends keyof AdditionalMethods>(
  { name, space, database }: Target,
  method: M,
  range: CacheRange,
  doing: string,
) {
  const db = database.opened()
  const { gte, lt } = encodeRange(range, space).bounds
  if (!db.supports.additionalMethods[method]) return undefined
  try {
    return (await (db as unknown as AdditionalMethods)[method](gte, lt, KEY)) as Awaited<
      ReturnType<AdditionalMethods[M]>
    >
  } catch (error) {
    throw backendError(error, name, doing)
  }
}

/** The size of a file, or of all files in a folder. A file that is removed meanwhile counts as 0. */
async function diskBytes(path: string): Promise<number> {
  const stat = await lstat(path).catch(() => undefined)
  if (!stat?.isDirectory()) return stat?.size ?? 0
  const names = await readdir(path).catch(() => [])
  const sizes = await Promise.all(names.map((name) => diskBytes(join(path, name))))
  return sizes.reduce((sum, size) => sum + size, 0)
}
