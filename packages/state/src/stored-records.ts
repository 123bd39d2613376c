import { Buffer } from 'node:buffer'
import {
  AREA_TAG,
  DEL,
  EXPIRY_TAG,
  PUT_BYTES,
  bodyOf,
  createKeySpace,
  hasExpired,
  headOf,
  idOf,
  type Backend,
  type Batch,
  type Entry,
  type EntryId,
  type KeySpace,
  type Retention,
} from '@snapstream/cache/storage'

/** Puts records of a changelog into batches, as they are stored: nothing is decoded. */
export interface StoredRecords {
  /** Whether a batch has to be written before the next one is completed. */
  readonly isOrdered: boolean
  /**
   * Adds a record; a null value deletes its key. The bytes may be used again afterwards. Returns their number. `at`: its
   * timestamp in ms since the epoch, where versions are kept.
   */
  add(batch: Batch, key: Uint8Array, value: Uint8Array | null, at: number): number
  /** To be called before the batch is written. */
  complete(batch: Batch): Promise<void>
  /** To be called when it is written. */
  written(): void
}

interface StoredPart {
  readonly space: KeySpace
  readonly retention: Retention
}

export function createStoredRecords(part: StoredPart, db: Backend, now: () => number): StoredRecords {
  return part.retention.isBounded() ? boundedRecords(part, db, now) : plainRecords(part.space, db, now)
}

const NOTHING = Buffer.alloc(0)

/** Of a part without a size bound: no record depends on another. */
function plainRecords(space: KeySpace, db: Backend, now: () => number): StoredRecords {
  const prefix = space.under(0).subarray(0, -1)
  // A database in memory keeps the bytes of each entry.
  const copies = createCopies(db.supports.permanence)

  return {
    isOrdered: false,
    add(batch, key, value) {
      const encodedKey = copies.join(prefix, key)
      if (value === null) {
        batch.del(encodedKey, DEL)
        return key.length
      }
      const expiresAt = headOf(value)?.expiresAt ?? 0
      if (hasExpired(expiresAt, now)) batch.del(encodedKey, DEL)
      else {
        batch.put(encodedKey, copies.join(NOTHING, value), PUT_BYTES)
        if (expiresAt !== 0) batch.put(space.indexKey(EXPIRY_TAG, expiresAt, encodedKey), NOTHING, PUT_BYTES)
      }
      return key.length + value.length
    },
    complete: async () => {},
    written() {},
  }
}

const PLAIN = createKeySpace('')

/** Of a part with a size bound: it keeps the order of its entries and evicts the oldest. */
function boundedRecords({ retention, space }: StoredPart, db: Backend, now: () => number): StoredRecords {
  const areas = plainRecords(space, db, now)
  let taken = new Map<EntryId, Entry>()
  return {
    isOrdered: true,
    add(batch, key, value) {
      if (key[0] === AREA_TAG) return areas.add(batch, key, value, 0)
      const decoded = PLAIN.decode(Buffer.from(key))
      const id = idOf(decoded)
      const expiresAt = value === null ? 0 : (headOf(value)?.expiresAt ?? 0)
      const body = value === null ? undefined : bodyOf(value, now)
      // The newest write of a key is the last one, also in the order of ages.
      taken.delete(id)
      taken.set(id, { id, key: decoded, stored: body === undefined ? undefined : Buffer.from(body), expiresAt })
      return key.length + (value?.length ?? 0)
    },
    async complete(batch) {
      const entries = taken
      taken = new Map()
      await retention.write(batch, db, entries)
    },
    written: () => retention.written(),
  }
}

/** Copies bytes into memory of its own. */
interface Copies {
  join(head: Uint8Array, body: Uint8Array): Buffer
}

const CHUNK_BYTES = 256 * 1024

/** `shared`: copies share chunks of memory, which makes them cheap, and live until the last of a chunk is let go. */
function createCopies(shared: boolean): Copies {
  let chunk = NOTHING
  let at = 0
  return {
    join(head, body) {
      const length = head.length + body.length
      if (!shared || length > CHUNK_BYTES / 8) {
        const copy = Buffer.allocUnsafeSlow(length)
        copy.set(head)
        copy.set(body, head.length)
        return copy
      }
      if (at + length > chunk.length) {
        chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
        at = 0
      }
      chunk.set(head, at)
      chunk.set(body, at + head.length)
      const copy = chunk.subarray(at, at + length)
      at += length
      return copy
    },
  }
}
