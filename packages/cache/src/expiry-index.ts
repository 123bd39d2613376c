import { Buffer } from 'node:buffer'
import type { Backend } from './backend.ts'
import { DEL, PUT_BYTES } from './batch-encodings.ts'
import { idOf } from './cache-key.ts'
import type { Batch, Taken } from './database.ts'
import { hasEnded } from './entry-options.ts'
import { EXPIRY_TAG, type KeySpace } from './key-space.ts'
import type { Entry } from './overlay.ts'
import { readKeys } from './read-keys.ts'
import { headOf } from './stored-head.ts'

const BYTES = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const
const NOTHING = Buffer.alloc(0)
/** So that frequent batches do not look into the index each time. */
const PAUSE_MS = 100

/** An entry that has ended, as it is in the backend. */
export interface Swept {
  readonly encodedKey: Buffer
  readonly stored: Buffer
}

/**
 * The entries that end, in the order in which they do: what has ended is found without looking at the others. An entry that is
 * written again leaves what the index has of it behind; that is removed when its time comes.
 */
export interface ExpiryIndex {
  /** Whether anything in the backend may have an end. */
  readonly mayHave: boolean
  /** Nothing in the backend ends before it, in ms since the epoch; Infinity: nothing ends at all. */
  readonly earliest: number
  load(db: Backend): Promise<void>
  /** Whether something in the backend has ended. */
  isBehind(): boolean
  /** The same, but at times only, or once after `hurry`. */
  isDue(): boolean
  hurry(): void
  /** Takes an entry that is put into the batch into the index. */
  add(batch: Batch, entry: Entry): void
  /** Removes what has ended, `limit` entries at most; what the batch itself writes again is left alone. */
  sweep(batch: Batch, db: Backend, limit: number, taken: Taken): Promise<Swept[]>
  written(): void
  failed(): void
}

export function createExpiryIndex(space: KeySpace, now: () => number): ExpiryIndex {
  // Nothing in the backend ends before it; Infinity: nothing ends at all. What it is once the batch is written: `next`.
  let earliest = Infinity
  let next = Infinity
  let isLoaded = false
  let added = Infinity
  let sweptAt = -Infinity

  async function firstFrom(db: Backend, number: number): Promise<number> {
    const range = { gte: space.indexStart(EXPIRY_TAG, number), lt: space.under(EXPIRY_TAG + 1) }
    const [first] = await readKeys(db, range, 1)
    return first === undefined ? Infinity : space.parseIndexKey(first).number
  }
  const isBehind = () => earliest <= now()

  return {
    get mayHave() {
      return !isLoaded || earliest !== Infinity
    },
    get earliest() {
      return earliest
    },
    async load(db) {
      earliest = await firstFrom(db, 0)
      next = earliest
      isLoaded = true
    },
    isBehind,
    isDue: () => isBehind() && performance.now() - sweptAt >= PAUSE_MS,
    hurry() {
      sweptAt = -Infinity
    },
    add(batch, { expiresAt, key }) {
      added = Math.min(added, expiresAt)
      batch.put(space.indexKey(EXPIRY_TAG, expiresAt, space.encode(key)), NOTHING, PUT_BYTES)
    },
    async sweep(batch, db, limit, taken) {
      const moment = Math.floor(now())
      const range = { gte: space.indexStart(EXPIRY_TAG, earliest), lt: space.indexStart(EXPIRY_TAG, moment + 1) }
      const keys = await readKeys(db, range, limit)
      const due = keys.map((key) => space.parseIndexKey(key))
      const isAll = keys.length < limit
      next = isAll ? await firstFrom(db, moment + 1) : due.at(-1)!.number
      // What is left is gone for in the next batch.
      sweptAt = isAll ? performance.now() : -Infinity
      const found = await db.getMany<Buffer, Buffer>(
        due.map(({ encodedKey }) => encodedKey),
        BYTES,
      )
      const swept: Swept[] = []
      for (const [i, { number, encodedKey }] of due.entries()) {
        batch.del(keys[i]!, DEL)
        const stored = found[i]
        if (stored === undefined || headOf(stored)?.expiresAt !== number || !hasEnded(number, () => moment)) continue
        if (taken.has(idOf(space.decode(encodedKey)))) continue
        batch.del(encodedKey, DEL)
        swept.push({ encodedKey, stored })
      }
      return swept
    },
    written() {
      earliest = Math.min(next, added)
      next = earliest
      added = Infinity
    },
    failed() {
      next = earliest
      added = Infinity
      sweptAt = -Infinity
    },
  }
}
