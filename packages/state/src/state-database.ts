import { resolve } from 'node:path'
import {
  GROUP_TAG,
  PUT_TEXT,
  backendError,
  createDatabase,
  createKeySpace,
  type AnyBackend,
  type Database,
} from '@snapstream/cache/storage'
import { SnapstreamError } from '@snapstream/core'
import { folderOf, isDamage, setAside } from './damage.ts'
import { memoryFolder } from './memory-folder.ts'

/** The database of the stores of one group, or of the tables, in one folder, while they are open. */
export interface StateDatabase extends Pick<
  Database,
  'name' | 'opened' | 'now' | 'readOnly' | 'maxKeyBytes' | 'commit' | 'join' | 'load' | 'leave' | 'touch'
> {
  /** A part was found to be damaged: once all stores are closed, the folder is set aside, so that the next start rebuilds it. */
  damaged(damage: SnapstreamError): void
  /** To be called by each store that opened it. */
  close(): Promise<void>
}

interface Shared {
  readonly database: Database
  /** The folder of its files, if it has one. */
  readonly folder: string | undefined
  /** The stores of the run that use it, by name. */
  readonly stores: Map<string, object>
  damage: SnapstreamError | undefined
  /** Whether changelogs have all entries of its stores. */
  isRecoverable: boolean
}

/** By location, for one run. */
type Databases = Map<string | object, Shared>

const SCOPE_KEY = '~snapstream.state'
/** The folder of the tables. No group has it: `fileName` encodes the "@". */
const TABLES = '@tables'
const GROUP_KEY = createKeySpace('').under(GROUP_TAG)

/** A store that opens its database. */
export interface StateDatabaseOptions {
  /** The map of the run. */
  readonly scope: Map<unknown, unknown>
  readonly folder: string | AnyBackend
  /** Undefined: it is for tables, which belong to no group. */
  readonly group: string | undefined
  /** The name of the store or table, and the object that stands for it. */
  readonly name: string
  readonly store: object
  /** The store or table in error messages. */
  readonly title: string
  /** Whether a changelog has all its entries, so that a damaged folder may be set aside. */
  readonly hasChangelog: boolean
  /** Reports a folder that is set aside. */
  trouble(error: Error): void
}

/**
 * Opens the database of a folder for a store. All stores of a run with the same folder and group share it, and their
 * checkpoints share its batches.
 *
 * Rejects with `CACHE_LOCKED` if another process, or another stream of this one, has it open; with `USAGE` if it belongs to
 * another group or if the run has another store of that name; with `CACHE_CORRUPT` and `CACHE_FAILED`.
 */
export async function openStateDatabase(options: StateDatabaseOptions): Promise<StateDatabase> {
  const { scope, folder, group, name, title, store, trouble } = options
  const databases = databasesOf(scope)
  const location = await stateLocation(folder, group, scope)
  const shared = databases.get(location) ?? share(location)
  databases.set(location, shared)
  for (const { stores } of databases.values()) {
    const holder = stores.get(name)
    if (holder !== undefined && holder !== store)
      throw new SnapstreamError(
        'USAGE',
        group === undefined
          ? `this stream has two objects for ${title}; make one, and name it in the use of all bindings`
          : `two stores of this stream have the name ${JSON.stringify(name)}, so they would share a changelog; give each a name of its own`,
      )
  }
  const { database, stores } = shared
  stores.set(name, store)
  shared.isRecoverable &&= options.hasChangelog
  try {
    await open(database, group)
  } catch (error) {
    if (!isDamage(error) || !shared.isRecoverable || shared.folder === undefined || stores.size > 1) throw error
    trouble(await setAside(shared.folder, error))
    await open(database, group)
  }
  return {
    ...database,
    get maxKeyBytes() {
      return database.maxKeyBytes
    },
    damaged(damage) {
      shared.damage ??= damage
    },
    async close() {
      stores.delete(name)
      try {
        await database.close()
      } finally {
        const { damage } = shared
        if (damage !== undefined && shared.folder !== undefined && stores.size === 0 && shared.isRecoverable) {
          shared.damage = undefined
          trouble(await setAside(shared.folder, damage))
        }
      }
    },
  }
}

/** The place of the database of a group, or of the tables, in a folder. Under test it is in memory. */
export async function stateLocation(
  folder: string | AnyBackend,
  group: string | undefined,
  scope: ReadonlyMap<unknown, unknown>,
): Promise<string | AnyBackend> {
  if (typeof folder !== 'string') return folder
  const path = resolve(folder, group === undefined ? TABLES : fileName(group))
  return (await memoryFolder(path, scope)) ?? path
}

function databasesOf(scope: Map<unknown, unknown>): Databases {
  const known = scope.get(SCOPE_KEY) as Databases | undefined
  if (known !== undefined) return known
  const made: Databases = new Map()
  scope.set(SCOPE_KEY, made)
  return made
}

function share(location: string | AnyBackend): Shared {
  // Parts count the memory of their writes themselves.
  const options = { title: 'the folder of stores', bufferBytes: Infinity, readOnly: false, exactlyOnce: false }
  const database = createDatabase(location, options)
  return { database, folder: folderOf(location), stores: new Map(), damage: undefined, isRecoverable: true }
}

async function open(database: Database, group: string | undefined): Promise<void> {
  try {
    await database.open()
  } catch (error) {
    if (!SnapstreamError.is(error) || error.code !== 'CACHE_LOCKED') throw error
    throw new SnapstreamError(
      'CACHE_LOCKED',
      `${error.message}. Each process needs a folder of its own for its stores and tables: Store(name, { folder }), Table(topic, { folder })`,
      { cause: error },
    )
  }
  if (group === undefined) return
  try {
    await claimFor(database, group)
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Writes the group into a new database, and refuses that of another one. */
async function claimFor(database: Database, group: string): Promise<void> {
  const { name } = database
  const db = database.opened()
  try {
    const found = await db.get<Uint8Array, string>(GROUP_KEY, { keyEncoding: 'buffer', valueEncoding: 'utf8' })
    if (found === undefined)
      await db
        .batch()
        .put(GROUP_KEY, group, PUT_TEXT)
        .write({ sync: true } as object)
    else if (found !== group)
      throw new SnapstreamError(
        'USAGE',
        `${name} has the stores of the group ${JSON.stringify(found)}, and this stream reads as the group ${JSON.stringify(group)}; give this app a folder of its own`,
      )
  } catch (error) {
    throw backendError(error, name, 'reading its group')
  }
}

/** A group as the name of a folder. */
function fileName(group: string): string {
  return /^\.+$/.test(group) ? group.replaceAll('.', '%2E') : encodeURIComponent(group).replaceAll('*', '%2A')
}
