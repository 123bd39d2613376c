import { SnapstreamError, describe } from '@snapstream/core'
import { backendError, openError } from './backend-error.ts'
import { closeAndRelease, realFolder, type Backend, type OpenBackend } from './backend.ts'
import { claim } from './claim.ts'
import { destroyFolder, openCopy, openFolder } from './level-folder.ts'

/** The place that holds the entries: a folder of LevelDB, or a database that the user made. */
export interface BackendSource {
  /** For error messages. */
  readonly name: string
  /** Rejects with `CACHE_LOCKED`, `CACHE_CORRUPT` or `CACHE_FAILED`. */
  open(): Promise<OpenBackend>
  /** Removes all entries. Rejects with `CACHE_LOCKED` while the place is open, and with `CACHE_FAILED`. */
  destroy(): Promise<void>
}

/** Throws `USAGE` for a location that is neither a path nor a database. `title`: what is there, for error messages. */
export function backendSource(location: unknown, readOnly: boolean, title: string): BackendSource {
  if (typeof location === 'string' && location !== '') {
    const name = `${title} ${JSON.stringify(location)}`
    return {
      name,
      open: () => (readOnly ? openCopy(location, name) : openFolder(location, name)),
      destroy: () => destroyFolder(location, name),
    }
  }
  if (isBackend(location)) {
    // The manifest of abstract-level 1 has no implicitSnapshots; that of every later version has.
    if (!('implicitSnapshots' in location.supports))
      throw new SnapstreamError(
        'USAGE',
        `${title} needs a database of abstract-level 2 or newer, got ${describeBackend(location)}, which is built on abstract-level 1; ` +
          'install the current version of its package (memory-level 2, classic-level 2 and level 9 are the first that work)',
      )
    const name = `${title} over ${describeBackend(location)}`
    return { name, open: () => openDatabase(location, name), destroy: () => emptyDatabase(location, name) }
  }
  throw new SnapstreamError(
    'USAGE',
    `${title} needs a folder or an abstract-level database, got ${location === '' ? 'an empty string' : describe(location)}; for example 'db/demo' or new MemoryLevel()`,
  )
}

async function openDatabase(db: Backend, name: string): Promise<OpenBackend> {
  const folder = locationOf(db)
  // A location need not be a folder (IndexedDB has names); then the database object itself is claimed.
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

/** The folder of a database that has a `location`: a cache of that folder uses the same files. */
function locationOf(db: Backend): string | undefined {
  const { location } = db as { location?: unknown }
  return typeof location === 'string' && db.supports.permanence ? location : undefined
}

function describeBackend(db: Backend): string {
  const location = locationOf(db)
  return `${describe(db)}${location === undefined ? '' : ` at ${JSON.stringify(location)}`}`
}

function isBackend(value: unknown): value is Backend {
  if (typeof value !== 'object' || value === null) return false
  const { supports, batch, iterator } = value as Partial<Backend>
  return (
    typeof supports === 'object' && supports !== null && typeof batch === 'function' && typeof iterator === 'function'
  )
}
