import { SnapstreamError, type SyncCodec } from '@snapstream/core'
import type { OperatorArea } from '@snapstream/core/adapter'
import type { Backend } from '../backend/backend.ts'
import { AreaKey, areaIds } from '../entry/area-key.ts'
import { checkKey, describeKey, idOf, type CacheKey } from '../entry/cache-key.ts'
import type { Entry, EntryId } from '../entry/entry.ts'
import { areaPrefix, createKeySpace } from '../entry/key-space.ts'
import { createValueFormat } from '../entry/value-format.ts'
import { createReads, type CacheReads } from '../reading/reads.ts'

/** The place of areas: a part of a store, or a cache. */
export interface AreaPlace {
  /** The prefix of its keys. */
  readonly prefix: string
  readonly database: {
    /** The longest key that the backend takes, in bytes; Infinity where there is no limit. */
    readonly maxKeyBytes: number
    /** In ms since the epoch. */
    now(): number
  }
  /** The writes that the backend does not have yet, those of areas among them. */
  readonly above: { readonly isEmpty: boolean; find(id: EntryId): Entry | undefined; entries(): Iterable<Entry> }
  /** Throws while it is not open. */
  opened(): Backend
}

/** Reads an area, and makes its entries. */
export interface Area<K extends CacheKey, V> {
  readonly reads: CacheReads<K, V>
  /** The entry of a write; without a value of a deletion. Throws `USAGE` and `ENCODE_FAILED`. */
  entryOf(key: K, value?: V): Entry
}

/** `name`: the name of the area in its place; `title`: the area in error messages. */
export function createArea<K extends CacheKey, V>(
  { prefix, database, above, opened }: AreaPlace,
  { name, title, codec }: { readonly name: string; readonly title: string; readonly codec: SyncCodec<V> | undefined },
): Area<K, V> {
  const format = createValueFormat(codec, title)
  const space = createKeySpace(areaPrefix(prefix, name))
  const idIn = areaIds(name)
  const { now } = database

  function* own(): Generator<Entry, void> {
    for (const entry of above.entries()) {
      const { key } = entry
      if (key instanceof AreaKey && key.area === name) yield { ...entry, key: key.key }
    }
  }

  /** Refuses a key that is too long before it is in a batch: there it would fail the whole batch, again and again. */
  function checkLength(key: K): void {
    const room = database.maxKeyBytes
    if (room === Infinity) return
    const { length } = space.encode(key)
    if (length <= room) return
    throw new SnapstreamError(
      'USAGE',
      `${title} cannot have the key ${describeKey(key)}: with the name of its place it has ${length} bytes, and the backend takes ${room}; shorten the key, or put a hash in its place`,
    )
  }

  return {
    reads: createReads<K, V>({
      name: title,
      format,
      space,
      above: {
        get isEmpty() {
          return above.isEmpty
        },
        find: (id) => above.find(idIn(id)),
        entries: own,
      },
      opened,
      now,
      mayExpire: () => false,
    }),
    entryOf(key, value) {
      checkKey(key)
      checkLength(key)
      // The caller may go on using its bytes.
      const kept = key instanceof Uint8Array ? new Uint8Array(key) : key
      const stored = value === undefined ? undefined : format.encode(value, key)
      return { id: idIn(idOf(key)), key: new AreaKey(name, kept), stored, expiresAt: 0 }
    },
  }
}

/** The area as operators have it. */
export function operatorArea<K extends CacheKey, V>(
  { reads, entryOf }: Area<K, V>,
  write: (entry: Entry) => void,
): OperatorArea<K, V> {
  return {
    getSync: reads.getSync,
    put(key, value) {
      if (value === undefined)
        throw new SnapstreamError(
          'USAGE',
          `put() takes a value, got undefined for the key ${describeKey(key)}; use del()`,
        )
      write(entryOf(key, value))
    },
    del: (key) => write(entryOf(key)),
    entries: (range = {}) => reads.entries(range),
  }
}
