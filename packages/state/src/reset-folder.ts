import { existsSync } from 'node:fs'
import { backendError, createKeySpace, readSubNames, type AnyBackend } from '@snapstream/cache/storage'
import type { ResetItem } from '@snapstream/core'
import { storeName, storePrefix } from './part.ts'
import { openStateDatabase, stateLocation } from './state-database.ts'

/** The parts to remove. */
export interface FolderReset {
  /** As in the options of a store. */
  readonly folder: string | AnyBackend
  readonly group: string
  /** The names of the stores; undefined: all that the folder has. */
  readonly stores: readonly string[] | undefined
  readonly dryRun: boolean
  /** As the `scope` of a run. */
  readonly scope?: Map<unknown, unknown>
}

/**
 * Removes the parts of stores on disk, or tells what would be removed. Rejects with `CACHE_LOCKED` if a process has the folder
 * open, and with `USAGE` if it belongs to another group.
 */
export async function resetFolder(reset: FolderReset): Promise<readonly ResetItem[]> {
  const { folder, group, stores, dryRun, scope = new Map() } = reset
  const location = await stateLocation(folder, group, scope)
  // Opening a folder would create it.
  if (typeof location === 'string' && !existsSync(location)) return []
  const opening = { scope, folder, group, name: '', store: {}, title: 'a reset', hasChangelog: true, trouble() {} }
  const database = await openStateDatabase(opening)
  const items: ResetItem[] = []
  try {
    const db = database.opened()
    const found = await readSubNames(db, database.name, '')
    for (const store of found.filter((name) => stores?.includes(name) ?? true)) {
      const space = createKeySpace(storePrefix(store))
      const range = { gte: space.under(0), lt: space.under(0xff), keyEncoding: 'buffer' } as const
      if (!dryRun) await db.clear<Buffer>(range)
      const name = typeof location === 'string' ? location : database.name
      items.push({ kind: 'folder', name, effect: `the parts of ${storeName(store)} are removed` })
    }
    return items
  } catch (error) {
    throw backendError(error, database.name, 'removing parts')
  } finally {
    await database.close()
  }
}
