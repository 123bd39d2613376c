import { Buffer } from 'node:buffer'
import { DEL, PUT_BYTES, type Backend, type Batch } from '../backend/backend.ts'
import type { Taken } from '../database/pending-writes.ts'
import { idOf } from '../entry/cache-key.ts'
import { hasExpired, type Entry } from '../entry/entry.ts'
import { EXPIRY_TAG, type KeySpace } from '../entry/key-space.ts'
import { headOf } from '../entry/stored-head.ts'

const BYTES = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const
const NOTHING = Buffer.alloc(0)
/** The shortest interval between two searches of the index. */
const SWEEP_INTERVAL_MS = 100

/** An expired entry as it is in the backend. */
export interface Swept {
  readonly encodedKey: Buffer
  readonly stored: Buffer
}

/**
 * An index of the entries that expire, ordered by expiry: expired ones are found without a scan. An entry that is written
 * again leaves its old index entry behind, which is removed at its own expiry.
 */
export interface ExpiryIndex {
  /** Whether any entry in the backend may expire. */
  readonly mayHave: boolean
  /** A lower bound of the first expiry in the backend, in ms since the epoch; Infinity: nothing expires. */
  readonly earliest: number
  load(db: Backend): Promise<void>
  /** Whether the backend has expired entries. */
  isBehind(): boolean
  /** The same, but true at most every 100 ms, and once after `hurry`. */
  isDue(): boolean
  hurry(): void
  /** Adds an entry of the batch to the index. */
  add(batch: Batch, entry: Entry): void
  /** Removes at most `limit` expired entries, except those that the batch writes again (`taken`). */
  sweep(batch: Batch, db: Backend, options: { readonly limit: number; readonly taken: Taken }): Promise<Swept[]>
  written(): void
  failed(): void
}

interface ExpiryState {
  earliest: number
  /** The value of `earliest` once the batch is written, without its own entries. */
  next: number
  /** The first expiry among the entries of the batch. */
  added: number
  isLoaded: boolean
  sweptAt: number
}

export function createExpiryIndex(space: KeySpace, now: () => number): ExpiryIndex {
  const state: ExpiryState = {
    earliest: Infinity,
    next: Infinity,
    added: Infinity,
    isLoaded: false,
    sweptAt: -Infinity,
  }

  async function readKeys(db: Backend, from: number, lt: Buffer, limit: number): Promise<Buffer[]> {
    return db.keys<Buffer>({ gte: space.indexStart(EXPIRY_TAG, from), lt, limit, keyEncoding: 'buffer' }).all()
  }
  async function firstFrom(db: Backend, moment: number): Promise<number> {
    const [first] = await readKeys(db, moment, space.under(EXPIRY_TAG + 1), 1)
    return first === undefined ? Infinity : space.parseIndexKey(first).number
  }
  const isBehind = () => state.earliest <= now()

  return {
    get mayHave() {
      return !state.isLoaded || state.earliest !== Infinity
    },
    get earliest() {
      return state.earliest
    },
    async load(db) {
      state.earliest = await firstFrom(db, 0)
      state.next = state.earliest
      state.isLoaded = true
    },
    isBehind,
    isDue: () => isBehind() && performance.now() - state.sweptAt >= SWEEP_INTERVAL_MS,
    hurry() {
      state.sweptAt = -Infinity
    },
    add(batch, { expiresAt, key }) {
      state.added = Math.min(state.added, expiresAt)
      batch.put(space.indexKey(EXPIRY_TAG, expiresAt, space.encode(key)), NOTHING, PUT_BYTES)
    },
    async sweep(batch, db, { limit, taken }) {
      const moment = Math.floor(now())
      const keys = await readKeys(db, state.earliest, space.indexStart(EXPIRY_TAG, moment + 1), limit)
      const due = keys.map((key) => space.parseIndexKey(key))
      const isAll = keys.length < limit
      state.next = isAll ? await firstFrom(db, moment + 1) : due.at(-1)!.number
      // The next batch removes the rest.
      state.sweptAt = isAll ? performance.now() : -Infinity
      const found = await db.getMany<Buffer, Buffer>(
        due.map(({ encodedKey }) => encodedKey),
        BYTES,
      )
      const swept: Swept[] = []
      for (const [i, { number, encodedKey }] of due.entries()) {
        batch.del(keys[i]!, DEL)
        const stored = found[i]
        if (stored === undefined || headOf(stored)?.expiresAt !== number || !hasExpired(number, () => moment)) continue
        if (taken.has(idOf(space.decode(encodedKey)))) continue
        batch.del(encodedKey, DEL)
        swept.push({ encodedKey, stored })
      }
      return swept
    },
    written() {
      state.earliest = Math.min(state.next, state.added)
      state.next = state.earliest
      state.added = Infinity
    },
    failed() {
      state.next = state.earliest
      state.added = Infinity
      state.sweptAt = -Infinity
    },
  }
}
