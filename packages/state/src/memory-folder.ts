import type { AnyBackend } from '@snapstream/cache/storage'
import { TEST_FOLDERS_KEY } from '@snapstream/core/adapter'
import type { MemoryLevel } from 'memory-level'

/** A database in memory, and the run that opened it last. */
interface MemoryFolder {
  readonly db: MemoryLevel
  readonly scope: unknown
}

/** By path, the folders of a process under test. */
type MemoryFolders = Map<string, MemoryFolder>

/**
 * The database in memory that a process under test uses in place of a folder; undefined in a run that is no test.
 *
 * @param scope the map of the run
 */
export async function memoryFolder(
  path: string,
  scope: ReadonlyMap<unknown, unknown>,
): Promise<AnyBackend | undefined> {
  const folders = scope.get(TEST_FOLDERS_KEY) as MemoryFolders | undefined
  if (folders === undefined) return undefined
  const known = folders.get(path)
  if (known?.scope === scope) return known.db
  // Loaded by tests only.
  const { MemoryLevel } = await import('memory-level')
  const db = new MemoryLevel<string, string>()
  if (known !== undefined) await copyAll(known.db, db)
  folders.set(path, { db, scope })
  return db
}

/** Copies the folder that an earlier run left: if it died, it may still have it open. */
async function copyAll(from: MemoryFolder['db'], to: MemoryFolder['db']): Promise<void> {
  const bytes = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const
  await to.open()
  await from.open()
  const entries = await from.iterator<Buffer, Buffer>(bytes).all()
  await to.batch(
    entries.map(([key, value]) => ({ type: 'put', key, value })),
    bytes,
  )
}
