import { Buffer } from 'node:buffer'
import type { Backend } from './backend.ts'
import { DEL, PUT_BYTES, PUT_TEXT } from './batch-encodings.ts'
import type { Batch, Taken } from './database.ts'
import { hasEnded } from './entry-options.ts'
import type { Swept } from './expiry-index.ts'
import { AGE_TAG, TOTALS_TAG, type KeySpace } from './key-space.ts'
import type { Entry } from './overlay.ts'
import { addHead, headOf } from './stored-head.ts'
import type { Stored } from './value-format.ts'

const BYTES = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const
const TEXT = { keyEncoding: 'buffer', valueEncoding: 'utf8' } as const
const PER_READ = 1000

interface BoundOptions {
  readonly space: KeySpace
  now(): number
  readonly maxEntries: number
  readonly maxBytes: number
}

/** What a cache with a bound holds. */
interface Totals {
  readonly entries: number
  readonly bytes: number
  /** That of the entry which was written last. */
  readonly sequence: number
}

/** An entry that a batch puts. */
interface Own {
  readonly encodedKey: Buffer
  /** Its key in the index. */
  readonly place: Buffer
  readonly bytes: number
}

/**
 * Counts the entries of a cache and their bytes, keeps them in the order in which they were written, and removes the oldest
 * ones when there are too many. Both the order and the counts are in the backend, written in the batch of the entries
 * themselves. A cache that was counted once is counted for ever, so that the counts stay right when it is opened without a
 * bound.
 */
export interface Bound {
  /** Whether the cache is counted. */
  readonly isOn: boolean
  load(db: Backend, readOnly: boolean): Promise<void>
  /** Whether the backend has more than it may. */
  isOver(): boolean
  /**
   * Puts what was taken into the batch, without what there is too much of; at most `limit` entries of the backend go.
   * `add` is called for what is put with an end.
   */
  write(
    batch: Batch,
    db: Backend,
    taken: Taken,
    swept: readonly Swept[],
    limit: number,
    add: (entry: Entry) => void,
  ): Promise<void>
  written(): void
}

export function createBound({ space, now, maxEntries, maxBytes }: BoundOptions): Bound {
  const totalsKey = space.under(TOTALS_TAG)
  const isBound = maxEntries !== Infinity || maxBytes !== Infinity
  let totals: Totals | undefined
  // No entry of the index is older: LevelDB is slow to find the first key behind many that were removed.
  let oldest = 0
  // What both are once the batch is written.
  let next = { entries: 0, bytes: 0, sequence: 0 }
  let nextOldest = 0

  const isTooMuch = ({ entries, bytes }: Totals) => entries > maxEntries || bytes > maxBytes
  const ageKey = (sequence: number, encodedKey: Buffer) => space.indexKey(AGE_TAG, sequence, encodedKey)

  function count(sign: 1 | -1, bytes: number): void {
    next.entries += sign
    next.bytes += sign * bytes
  }
  function forget(batch: Batch, encodedKey: Buffer, stored: Buffer): void {
    count(-1, sizeOf(encodedKey, stored))
    // What was there before the cache had a bound has no head, and is older than all others.
    batch.del(ageKey(headOf(stored)?.sequence ?? 0, encodedKey), DEL)
  }
  function remember(batch: Batch, encodedKey: Buffer, { stored, expiresAt }: Entry): Own {
    const sequence = ++next.sequence
    const whole = addHead(stored!, expiresAt, sequence)
    const bytes = sizeOf(encodedKey, whole)
    const place = ageKey(sequence, encodedKey)
    count(1, bytes)
    batch.put(encodedKey, whole, typeof whole === 'string' ? PUT_TEXT : PUT_BYTES)
    batch.put(place, String(bytes), PUT_TEXT)
    return { encodedKey, place, bytes }
  }

  /** The oldest entries that the backend has, in order, until there is no more than there may be. */
  async function evict(batch: Batch, db: Backend, limit: number, touched: ReadonlySet<string>): Promise<void> {
    const range = { gte: space.indexStart(AGE_TAG, oldest), lt: space.under(AGE_TAG + 1), limit }
    for await (const [key, bytes] of db.iterator<Buffer, string>({ ...range, ...TEXT })) {
      if (!isTooMuch(next)) return
      const { number, encodedKey } = space.parseIndexKey(key)
      nextOldest = number
      if (touched.has(textOf(encodedKey))) continue
      count(-1, Number(bytes))
      batch.del(encodedKey, DEL)
      batch.del(key, DEL)
    }
  }
  /** Of a batch that alone is more than there may be, the first ones do not stay. */
  function evictOwn(batch: Batch, puts: readonly Own[]): void {
    for (const { encodedKey, place, bytes } of puts) {
      if (!isTooMuch(next)) return
      count(-1, bytes)
      batch.del(encodedKey, DEL)
      batch.del(place, DEL)
    }
  }

  /** Takes up what was there before the cache had a bound. */
  async function adopt(db: Backend): Promise<Totals> {
    let entries = 0
    let bytes = 0
    let batch = db.batch()
    for await (const [key, stored] of db.iterator<Buffer, Buffer>({ gte: space.start, lt: space.end, ...BYTES })) {
      const size = sizeOf(key, stored)
      bytes += size
      batch.put(ageKey(0, key), String(size), PUT_TEXT)
      if (++entries % PER_READ !== 0) continue
      await batch.write()
      batch = db.batch()
    }
    const all = { entries, bytes, sequence: 0 }
    batch.put(totalsKey, JSON.stringify(all), PUT_TEXT)
    await batch.write({ sync: true } as object)
    return all
  }

  return {
    get isOn() {
      return totals !== undefined
    },
    async load(db, readOnly) {
      const text = await db.get<Buffer, string>(totalsKey, TEXT)
      totals = text !== undefined ? (JSON.parse(text) as Totals) : isBound && !readOnly ? await adopt(db) : undefined
      oldest = 0
    },
    isOver: () => totals !== undefined && isTooMuch(totals),
    async write(batch, db, taken, swept, limit, add) {
      next = { ...totals! }
      nextOldest = oldest
      const touched = new Set<string>()
      for (const { encodedKey, stored } of swept) {
        touched.add(textOf(encodedKey))
        forget(batch, encodedKey, stored)
      }
      const all = [...taken.values()]
      const puts: Own[] = []
      for (let at = 0; at < all.length; at += PER_READ) {
        const some = all.slice(at, at + PER_READ)
        const keys = some.map(({ key }) => space.encode(key))
        const before = await db.getMany<Buffer, Buffer>(keys, BYTES)
        for (const [i, entry] of some.entries()) {
          const encodedKey = keys[i]!
          const stored = before[i]
          if (stored !== undefined) {
            touched.add(textOf(encodedKey))
            forget(batch, encodedKey, stored)
          }
          if (entry.stored === undefined || hasEnded(entry.expiresAt, now)) batch.del(encodedKey, DEL)
          else {
            puts.push(remember(batch, encodedKey, entry))
            if (entry.expiresAt !== 0) add(entry)
          }
        }
      }
      if (isTooMuch(next)) await evict(batch, db, limit, touched)
      // Where the backend has some left, those are older, and go with the next batches.
      if (isTooMuch(next) && next.entries === puts.length) evictOwn(batch, puts)
      batch.put(totalsKey, JSON.stringify(next), PUT_TEXT)
    },
    written() {
      totals = next
      oldest = nextOldest
    },
  }
}

function sizeOf(encodedKey: Buffer, stored: Stored): number {
  return encodedKey.length + (typeof stored === 'string' ? Buffer.byteLength(stored) : stored.length)
}

/** What identifies a key among others. */
function textOf(encodedKey: Buffer): string {
  return encodedKey.toString('latin1')
}
