import { Buffer } from 'node:buffer'
import type { CacheKey, CacheReads } from '@snapstream/cache'
import {
  DEL,
  GROUP_TAG,
  PUT_BYTES,
  backendError,
  createDatabase,
  createKeySpace,
  createReads,
  createValueFormat,
  readSubNames,
  type AnyBackend,
  type Batch,
  type Database,
} from '@snapstream/cache/storage'
import { BytesCodec, SnapstreamError } from '@snapstream/core'
import { partName, partPrefix, storeName, storePrefix } from '../part.ts'
import { readPosition } from '../part-position.ts'

/** The part of a store on disk: its entries, with values as they are stored. */
export interface StatePart extends Pick<CacheReads<CacheKey, Uint8Array>, 'get' | 'entries' | 'keys'> {
  /** The number of the partition. */
  readonly partition: number
  /** The changelog offset up to which the part has its records; undefined if it has none, or no changelog. */
  readonly offset: number | undefined
}

/** The stores of one group in a folder. */
export interface StateFolder extends AsyncDisposable {
  /** The consumer group of the stores. */
  readonly group: string
  /** The names of the stores that have entries, sorted. */
  stores(): Promise<readonly string[]>
  /** The parts of a store, by partition. Rejects with `CACHE_FAILED` if the folder has no such store. */
  parts(store: string): Promise<readonly StatePart[]>
  /** Closes the folder. */
  close(): Promise<void>
}

/** A folder that is filled with the records of changelogs. */
export interface WritableStateFolder extends StateFolder {
  /** Adds a record; a null value deletes its key. Returns a promise when a batch is written: wait for it. */
  add(store: string, partition: number, key: Uint8Array, value: Uint8Array | null): Promise<void> | undefined
  /** Writes the rest. */
  flush(): Promise<void>
}

/** A batch is written when it has so many records. */
const BATCH_RECORDS = 10_000

/**
 * Opens the stores of a group to read them, also while a process has them open: it reads a copy of links. `location`: the
 * folder of the group, as `state/billing`, or an abstract-level database. Rejects with `CACHE_FAILED` for a folder without
 * stores, and with `CACHE_CORRUPT`.
 */
export async function openStateFolder(location: string | AnyBackend): Promise<StateFolder> {
  const database = databaseAt(location, true)
  await database.open()
  try {
    return readable(database, await readGroup(database))
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Creates an empty folder, and opens it. */
export async function createStateFolder(location: string | AnyBackend, group: string): Promise<WritableStateFolder> {
  const database = databaseAt(location, false)
  await database.open()
  const db = database.opened()
  let batch: Batch | undefined
  let count = 0

  async function flush(): Promise<void> {
    const full = batch
    batch = undefined
    count = 0
    await full?.write()
  }

  return {
    ...readable(database, group),
    add(store, partition, key, value) {
      batch ??= db.batch()
      const head = createKeySpace(partPrefix(store, partition)).under(0).subarray(0, -1)
      const place = Buffer.concat([head, key])
      if (value === null) batch.del(place, DEL)
      else batch.put(place, Buffer.from(value), PUT_BYTES)
      return ++count >= BATCH_RECORDS ? flush() : undefined
    },
    flush,
  }
}

function databaseAt(location: string | AnyBackend, readOnly: boolean): Database {
  return createDatabase(location, {
    title: 'the folder of stores',
    bufferBytes: Infinity,
    readOnly,
    exactlyOnce: false,
  })
}

async function readGroup(database: Database): Promise<string> {
  const key = createKeySpace('').under(GROUP_TAG)
  try {
    const options = { keyEncoding: 'buffer', valueEncoding: 'utf8' } as const
    const group = await database.opened().get<Uint8Array, string>(key, options)
    if (group !== undefined) return group
  } catch (error) {
    throw backendError(error, database.name, 'reading its group')
  }
  throw new SnapstreamError('CACHE_FAILED', `${database.name} has no stores; a Cache is shown by \`snapstream cache\``)
}

function readable(database: Database, group: string): StateFolder {
  const { name } = database
  const stores = () => readSubNames(database.opened(), name, '')

  async function part(store: string, partition: number): Promise<StatePart> {
    const title = partName(store, partition)
    const space = createKeySpace(partPrefix(store, partition))
    const format = createValueFormat(BytesCodec(), title)
    const { now, opened } = database
    const { get, entries, keys } = createReads<CacheKey, Uint8Array>({
      name: title,
      format,
      space,
      above: NOTHING,
      opened,
      now,
      mayExpire: () => true,
    })
    const position = await readPosition(database.opened(), space, title)
    return { partition, offset: position?.offset, get, entries, keys }
  }

  return {
    group,
    stores,
    async parts(store) {
      const names = await readSubNames(database.opened(), storeName(store), storePrefix(store))
      if (names.length === 0) throw noStore(name, store, await stores())
      const partitions = names.map(Number).toSorted((a, b) => a - b)
      return Promise.all(partitions.map((partition) => part(store, partition)))
    },
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  }
}

/** No writes hide what is on disk. */
const NOTHING = { isEmpty: true, find: () => undefined, entries: () => [] }

function noStore(folder: string, store: string, names: readonly string[]): SnapstreamError {
  const there = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
  return new SnapstreamError('CACHE_FAILED', `${folder} has no ${storeName(store).slice(4)}: ${there}`)
}
