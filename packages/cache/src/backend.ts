import { mkdir, realpath } from 'node:fs/promises'
import { SnapstreamError, describe } from '@snapstream/core'
import type { AbstractLevel } from 'abstract-level'
import { Level } from 'level'
import { backendCode, backendError } from './backend-error.ts'
import { copyLevel, type LevelCopy } from './level-copy.ts'
import { refuseLostFiles } from './level-files.ts'
import { lockHolder } from './lock-holder.ts'
import { claim } from './registry.ts'

/** Any database of the abstract-level family. */
// oxlint-disable-next-line typescript/no-explicit-any -- its own key and value types do not matter: encodings are given
export type Backend = AbstractLevel<any, any, any>

export interface OpenBackend {
  readonly db: Backend
  /** Where its files are, if it has any. */
  readonly path: string | undefined
  close(): Promise<void>
}

/** Where the entries are: a folder, or a database that somebody made. */
export interface BackendSource {
  /** For error messages. */
  readonly name: string
  /** Rejects with `CACHE_LOCKED`, `CACHE_CORRUPT` or `CACHE_FAILED`. */
  open(): Promise<OpenBackend>
  /** Removes what is there. Rejects with `CACHE_LOCKED` while somebody has it open, and with `CACHE_FAILED`. */
  destroy(): Promise<void>
}

/** Throws `USAGE` for what is neither a path nor a database. */
export function backendSource(location: string | Backend, readOnly: boolean): BackendSource {
  if (typeof location === 'string' && location !== '') {
    const name = `the cache ${JSON.stringify(location)}`
    return {
      name,
      open: () => (readOnly ? openCopy(location, name) : openFolder(location, name)),
      destroy: () => destroyFolder(location, name),
    }
  }
  if (isBackend(location)) {
    // The manifest of version 1 knows no implicit snapshots; every later one says whether there are any.
    if (!('implicitSnapshots' in location.supports))
      throw new SnapstreamError(
        'USAGE',
        `Cache takes a database of abstract-level 2 or newer, got ${describeBackend(location)}, which is built on abstract-level 1; ` +
          'install the current version of its package (memory-level 2, classic-level 2 and level 9 are the first that work)',
      )
    const name = `the cache over ${describeBackend(location)}`
    return { name, open: () => openDatabase(location, name), destroy: () => emptyDatabase(location, name) }
  }
  throw new SnapstreamError(
    'USAGE',
    `Cache takes a folder or an abstract-level database, got ${location === '' ? 'an empty string' : describe(location)}; for example Cache('db/demo') or Cache(new MemoryLevel())`,
  )
}

async function openFolder(folder: string, name: string): Promise<OpenBackend> {
  const path = await realFolder(folder, name)
  const release = claim(path, name)
  try {
    await refuseLostFiles(path, name)
  } catch (error) {
    release()
    throw backendError(error, name, 'opening')
  }
  // Made anew each time, so that a folder that failed to open can be opened later.
  const level = new Level<Buffer, Buffer>(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  const db = level as unknown as Backend
  try {
    await db.open()
  } catch (error) {
    const translated = await openError(error, name, path)
    release()
    throw translated
  }
  return { db, path, close: () => closeAndRelease(db, name, release) }
}

// LevelDB lets nobody in beside the process that has the lock, not even to read.
async function openCopy(folder: string, name: string): Promise<OpenBackend> {
  let copy: LevelCopy | undefined
  try {
    const path = await realpath(folder)
    await refuseLostFiles(path, name)
    copy = await copyLevel(path, name)
    const db = new Level<Buffer, Buffer>(copy.path, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      createIfMissing: false,
    }) as unknown as Backend
    await db.open()
    const { remove } = copy
    return { db, path, close: () => closeAndRelease(db, name, remove) }
  } catch (error) {
    await copy?.remove()
    throw backendError(error, name, `opening a copy of the folder ${folder}`)
  }
}

async function openDatabase(db: Backend, name: string): Promise<OpenBackend> {
  const folder = locationOf(db)
  // A location need not be a folder (IndexedDB has names); the database object then stands for itself.
  const path = folder === undefined ? undefined : await realFolder(folder, name).catch(() => undefined)
  const release = claim(path ?? db, name)
  const isOurs = db.status !== 'open'
  try {
    if (isOurs) await db.open()
  } catch (error) {
    const translated = await openError(error, name, path)
    release()
    throw translated
  }
  return { db, path, close: () => (isOurs ? closeAndRelease(db, name, release) : Promise.resolve(release())) }
}

async function closeAndRelease(db: Backend, name: string, release: () => void | Promise<void>): Promise<void> {
  try {
    await db.close()
  } catch (error) {
    throw backendError(error, name, 'closing')
  }
  // Only now: a database that failed to close still has the folder.
  await release()
}

async function realFolder(folder: string, name: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true })
    return await realpath(folder)
  } catch (error) {
    throw backendError(error, name, `creating the folder ${folder}`)
  }
}

async function destroyFolder(folder: string, name: string): Promise<void> {
  const path = await realpath(folder).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw backendError(error, name, 'destroying')
  })
  if (path === undefined) return
  const release = claim(path, name)
  try {
    await (Level as unknown as { destroy(location: string): Promise<void> }).destroy(path)
  } catch (error) {
    throw await openError(error, name, path, 'destroying')
  } finally {
    release()
  }
}

async function emptyDatabase(db: Backend, name: string): Promise<void> {
  const { close } = await openDatabase(db, name)
  try {
    await db.clear()
  } catch (error) {
    throw backendError(error, name, 'destroying')
  } finally {
    await close()
  }
}

async function openError(
  error: unknown,
  name: string,
  path: string | undefined,
  doing = 'opening',
): Promise<SnapstreamError> {
  if (!backendCode(error, ['LEVEL_LOCKED'])) return backendError(error, name, doing)
  const pid = path === undefined ? undefined : await lockHolder(path)
  return new SnapstreamError(
    'CACHE_LOCKED',
    `${name}${path === undefined ? '' : ` (${path})`} is held by another process${pid === undefined ? '' : `, pid ${pid}`}; stop it, read a copy with the option readOnly, or give this process a folder of its own`,
    { cause: error },
  )
}

// classic-level and those like it say where their files are. Seen through the cache of a folder, it is the same folder.
function locationOf(db: Backend): string | undefined {
  const { location } = db as { location?: unknown }
  return typeof location === 'string' && db.supports.permanence ? location : undefined
}

function describeBackend(db: Backend): string {
  return `${describe(db)}${locationOf(db) === undefined ? '' : ` at ${JSON.stringify(locationOf(db))}`}`
}

function isBackend(value: unknown): value is Backend {
  if (typeof value !== 'object' || value === null) return false
  const { supports, batch, iterator } = value as Partial<Backend>
  return (
    typeof supports === 'object' && supports !== null && typeof batch === 'function' && typeof iterator === 'function'
  )
}
