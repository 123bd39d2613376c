import { Buffer } from 'node:buffer'
import { DEL, PUT_BYTES, PUT_TEXT, type Backend, type Batch } from '../backend/backend.ts'
import type { Taken } from '../database/pending-writes.ts'
import { hasExpired, type Entry, type Stored } from '../entry/entry.ts'
import { AGE_TAG, TOTALS_TAG, type KeySpace } from '../entry/key-space.ts'
import { addHead, headOf } from '../entry/stored-head.ts'
import type { ExpiryIndex, Swept } from './expiry-index.ts'

const BYTES = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const
const TEXT = { keyEncoding: 'buffer', valueEncoding: 'utf8' } as const
const PER_READ = 1000

interface SizeBoundOptions {
  readonly space: KeySpace
  /** Gets the entries that expire. */
  readonly expiry: Pick<ExpiryIndex, 'add'>
  now(): number
  readonly maxEntries: number
  readonly maxBytes: number
}

/** The number and size of the entries of a bounded cache, as stored. */
interface Totals {
  readonly entries: number
  readonly bytes: number
  /** The sequence number of the entry that was written last. */
  readonly sequence: number
}

/** An entry that the batch puts. */
interface Own {
  readonly encodedKey: Buffer
  /** Its key in the age index. */
  readonly ageKey: Buffer
  readonly bytes: number
}

/** The part of a batch that the bound writes. */
interface BoundedWrite {
  readonly taken: Taken
  /** Expired entries that the batch removes already. */
  readonly swept: readonly Swept[]
  /** The highest number of entries of the backend that the batch may evict. */
  readonly limit: number
}

/**
 * Counts the entries of a cache and their bytes, keeps an index of their ages, and evicts the oldest when there are too
 * many. Index and counts are stored in the batch of the entries themselves. A cache that was bounded once is counted from
 * then on, so that the counts stay right when it is opened without a bound.
 */
export interface SizeBound {
  /** Whether the cache is counted. */
  readonly isOn: boolean
  load(db: Backend, readOnly: boolean): Promise<void>
  /** Whether the backend exceeds the bound. */
  isOver(): boolean
  /** Puts the taken entries into the batch, and evicts the excess. Resolves with the keys of evicted entries of the backend. */
  write(batch: Batch, db: Backend, write: BoundedWrite): Promise<readonly Buffer[]>
  written(): void
}

/** The counts of a bounded cache; undefined while it is not counted. */
interface SizeState {
  totals: Totals | undefined
  /** The age index has no lower sequence number: LevelDB is slow to find the first key behind many removed ones. */
  oldest: number
  /** Both once the batch is written. */
  next: { entries: number; bytes: number; sequence: number }
  nextOldest: number
}

export function createSizeBound({ space, now, maxEntries, maxBytes, expiry }: SizeBoundOptions): SizeBound {
  const totalsKey = space.under(TOTALS_TAG)
  const isBound = maxEntries !== Infinity || maxBytes !== Infinity
  const state: SizeState = {
    totals: undefined,
    oldest: 0,
    next: { entries: 0, bytes: 0, sequence: 0 },
    nextOldest: 0,
  }

  const exceeds = ({ entries, bytes }: Totals) => entries > maxEntries || bytes > maxBytes
  const ageKey = (sequence: number, encodedKey: Buffer) => space.indexKey(AGE_TAG, sequence, encodedKey)

  function count(sign: 1 | -1, bytes: number): void {
    state.next.entries += sign
    state.next.bytes += sign * bytes
  }
  function forget(batch: Batch, encodedKey: Buffer, stored: Buffer): void {
    count(-1, sizeOf(encodedKey, stored))
    // Entries from before the cache had a bound have no head, and are the oldest.
    batch.del(ageKey(headOf(stored)?.sequence ?? 0, encodedKey), DEL)
  }
  function remember(batch: Batch, encodedKey: Buffer, { stored, expiresAt }: Entry): Own {
    const sequence = ++state.next.sequence
    const whole = addHead(stored!, expiresAt, sequence)
    const bytes = sizeOf(encodedKey, whole)
    const age = ageKey(sequence, encodedKey)
    count(1, bytes)
    batch.put(encodedKey, whole, typeof whole === 'string' ? PUT_TEXT : PUT_BYTES)
    batch.put(age, String(bytes), PUT_TEXT)
    return { encodedKey, ageKey: age, bytes }
  }

  /** Removes the oldest entries of the backend until the bound holds. Resolves with their keys. */
  async function evict(batch: Batch, db: Backend, limit: number, touched: ReadonlySet<string>): Promise<Buffer[]> {
    const evicted: Buffer[] = []
    const range = { gte: space.indexStart(AGE_TAG, state.oldest), lt: space.under(AGE_TAG + 1), limit }
    for await (const [key, bytes] of db.iterator<Buffer, string>({ ...range, ...TEXT })) {
      if (!exceeds(state.next)) break
      const { number, encodedKey } = space.parseIndexKey(key)
      state.nextOldest = number
      if (touched.has(textOf(encodedKey))) continue
      count(-1, Number(bytes))
      batch.del(encodedKey, DEL)
      batch.del(key, DEL)
      evicted.push(encodedKey)
    }
    return evicted
  }
  /** Removes the first entries of a batch that alone exceeds the bound. */
  function evictOwn(batch: Batch, puts: readonly Own[]): void {
    for (const { encodedKey, ageKey, bytes } of puts) {
      if (!exceeds(state.next)) return
      count(-1, bytes)
      batch.del(encodedKey, DEL)
      batch.del(ageKey, DEL)
    }
  }

  /** Counts and indexes the entries from before the cache had a bound. */
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
      return state.totals !== undefined
    },
    async load(db, readOnly) {
      const text = await db.get<Buffer, string>(totalsKey, TEXT)
      state.totals =
        text !== undefined ? (JSON.parse(text) as Totals) : isBound && !readOnly ? await adopt(db) : undefined
      state.oldest = 0
    },
    isOver: () => state.totals !== undefined && exceeds(state.totals),
    async write(batch, db, { taken, swept, limit }) {
      state.next = { ...state.totals! }
      state.nextOldest = state.oldest
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
          if (entry.stored === undefined || hasExpired(entry.expiresAt, now)) batch.del(encodedKey, DEL)
          else {
            puts.push(remember(batch, encodedKey, entry))
            if (entry.expiresAt !== 0) expiry.add(batch, entry)
          }
        }
      }
      const evicted = exceeds(state.next) ? await evict(batch, db, limit, touched) : []
      // Older entries that are left in the backend go with the next batches.
      if (exceeds(state.next) && state.next.entries === puts.length) evictOwn(batch, puts)
      batch.put(totalsKey, JSON.stringify(state.next), PUT_TEXT)
      return evicted
    },
    written() {
      state.totals = state.next
      state.oldest = state.nextOldest
    },
  }
}

function sizeOf(encodedKey: Buffer, stored: Stored): number {
  return encodedKey.length + (typeof stored === 'string' ? Buffer.byteLength(stored) : stored.length)
}

/** A key as text, to be looked up in a Set. */
function textOf(encodedKey: Buffer): string {
  return encodedKey.toString('latin1')
}
