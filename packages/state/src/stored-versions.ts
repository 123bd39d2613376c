import { Buffer } from 'node:buffer'
import {
  AREA_TAG,
  DEL,
  PUT_BYTES,
  areaPrefix,
  createKeySpace,
  type Backend,
  type Batch,
  type KeySpace,
} from '@snapstream/cache/storage'
import { addVersion, latestOf, type Version } from './history.ts'
import type { StoredRecords } from './stored-records.ts'

// The areas of a part with versions; their names are part of the format on disk.

/** The history of each key: `addVersion` has its format. */
const HISTORY_AREA = '~versions'
/** For each deletion, its time, as a key has a number, and then the key: nothing as value. */
const ENDED_AREA = '~ended'

const BYTES = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const
const NOTHING: Buffer = Buffer.alloc(0)
const PLAIN = createKeySpace('')
/** A time in the key of a deletion: the bytes of a number. */
const TIME_BYTES = 9
/** A batch removes the histories of so many deleted keys, and one for each key that it writes. */
const REMOVALS = 100

/** The keys of the histories of a part. `prefix`: that of its keys. */
export const versionSpace = (prefix: string): KeySpace => createKeySpace(areaPrefix(prefix, HISTORY_AREA))

/** The beginning of the keys of an area of a part. */
const headOf = (space: KeySpace, area: string) => Buffer.concat([space.under(AREA_TAG), Buffer.from(`${area}\0`)])

/**
 * Puts the records of a table with versions into batches: the value with the latest timestamp under its key, and the values that
 * were valid in the last `versionedMs` before the newest record in a history.
 */
export function versionedRecords(space: KeySpace, db: Backend, versionedMs: number): StoredRecords {
  const head = space.under(0).subarray(0, -1)
  const histories = headOf(space, HISTORY_AREA)
  const ended = headOf(space, ENDED_AREA)
  let taken = new Map<string, { readonly key: Buffer; readonly versions: Version[] }>()
  let newest = -Infinity

  const endedKey = (at: number, key: Uint8Array) => Buffer.concat([ended, PLAIN.encode(at), key])

  /** Removes the histories of keys that were deleted so long ago that no version is left. */
  async function sweep(batch: Batch, limit: number): Promise<void> {
    const last = endedKey(newest - versionedMs, NOTHING)
    const due = await db.keys<Buffer>({ gte: ended, lt: last, limit, keyEncoding: 'buffer' }).all()
    const keys = due.map((key) => key.subarray(ended.length + TIME_BYTES))
    const found = await db.getMany<Buffer, Buffer>(
      keys.map((key) => Buffer.concat([histories, key])),
      BYTES,
    )
    for (const [i, key] of keys.entries()) {
      batch.del(due[i]!, DEL)
      const history = found[i]
      if (history === undefined || taken.has(key.toString('latin1'))) continue
      const { at, value } = latestOf(history)
      if (value === null && at <= newest - versionedMs) batch.del(Buffer.concat([histories, key]), DEL)
    }
  }

  return {
    // A history may have versions of the batch before.
    isOrdered: true,
    add(_, key, value, at) {
      const id = Buffer.from(key).toString('latin1')
      const one = taken.get(id) ?? { key: Buffer.from(key), versions: [] }
      one.versions.push({ at, value: value === null ? null : Buffer.from(value) })
      taken.set(id, one)
      newest = Math.max(newest, at)
      return key.length + (value?.length ?? 0)
    },
    async complete(batch) {
      const all = [...taken.values()]
      await sweep(batch, REMOVALS + all.length)
      taken = new Map()
      const places = all.map(({ key }) => Buffer.concat([histories, key]))
      const before = await db.getMany<Buffer, Buffer>(places, BYTES)
      for (const [i, { key, versions }] of all.entries()) {
        const history = versions.reduce(
          (history, version) => addVersion(history, version, newest - versionedMs),
          before[i] ?? NOTHING,
        )
        batch.put(places[i]!, history, PUT_BYTES)
        const { at, value } = latestOf(history)
        const place = Buffer.concat([head, key])
        if (value !== null) batch.put(place, value, PUT_BYTES)
        else {
          batch.del(place, DEL)
          batch.put(endedKey(at, key), NOTHING, PUT_BYTES)
        }
      }
    },
    written() {},
  }
}
