import type { Buffer } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import { delOptions, putOptions, type Backend, type Batch } from '../backend/backend.ts'
import type { Database } from '../database/database.ts'
import type { Member } from '../database/members.ts'
import type { Taken } from '../database/pending-writes.ts'
import { AreaKey } from '../entry/area-key.ts'
import { hasExpired, type Entry, type EntryId } from '../entry/entry.ts'
import type { KeySpace } from '../entry/key-space.ts'
import { addHead } from '../entry/stored-head.ts'
import { createExpiryIndex } from './expiry-index.ts'
import { createSizeBound } from './size-bound.ts'

/** The number of puts, about 10 ms of work, after which a large batch lets other tasks of the event loop run. */
const PUTS_PER_TURN = 16_384
/** A batch removes at most this many entries, plus two for each entry that it writes: so removal keeps up with writing. */
const REMOVALS = 1000

interface RetentionOptions {
  readonly database: Pick<Database, 'now' | 'readOnly'>
  readonly space: KeySpace
  readonly maxEntries: number
  readonly maxBytes: number
}

/** Writes entries into batches, and removes expired and excess entries in the same batches. */
export interface Retention extends Omit<Member, 'writes' | 'write' | 'end'> {
  /** Adds the taken entries to the batch. Resolves with the keys of the entries that the batch removes for their age or size. */
  write(batch: Batch, db: Backend, taken: Taken): Promise<readonly Buffer[]>
  /** Whether any entry in the backend may expire. */
  mayExpire(): boolean
  /** Whether the cache stores the order of its entries: it has a size bound, or had one. */
  isBounded(): boolean
  /** Whether the backend has entries to remove. If so, the next batch removes them. */
  isBehind(): boolean
}

export function createRetention(options: RetentionOptions): Retention {
  const { database, space, maxEntries, maxBytes } = options
  const { now } = database
  const expiry = createExpiryIndex(space, now)
  const bound = createSizeBound({ space, now, maxEntries, maxBytes, expiry })

  async function write(batch: Batch, taken: Taken): Promise<void> {
    let puts = 0
    for (const entry of taken.values()) {
      const { stored, expiresAt } = entry
      const key = space.forBatch(entry.key)
      if (stored === undefined || hasExpired(expiresAt, now)) batch.del(key, delOptions(key))
      else {
        batch.put(key, addHead(stored, expiresAt, 0), putOptions(key, typeof stored === 'string'))
        if (expiresAt !== 0) expiry.add(batch, entry)
      }
      if (++puts % PUTS_PER_TURN === 0) await setImmediate()
    }
  }

  return {
    mayExpire: () => expiry.mayHave,
    isBounded: () => bound.isOn,
    isBehind() {
      expiry.hurry()
      return expiry.isBehind() || bound.isOver()
    },
    isDue: () => expiry.isDue() || bound.isOver(),
    dueAt: () => (bound.isOver() ? -Infinity : expiry.earliest),
    async load(db: Backend) {
      await expiry.load(db)
      await bound.load(db, database.readOnly)
    },
    async write(batch, db, taken) {
      const limit = REMOVALS + 2 * taken.size
      const swept = expiry.isDue() ? await expiry.sweep(batch, db, { limit, taken }) : []
      const removed = swept.map(({ encodedKey }) => encodedKey)
      if (!bound.isOn) {
        await write(batch, taken)
        return removed
      }
      const [own, areas] = apart(taken)
      await write(batch, areas)
      removed.push(...(await bound.write(batch, db, { taken: own, swept, limit })))
      return removed
    },
    written() {
      expiry.written()
      if (bound.isOn) bound.written()
    },
    failed: expiry.failed,
  }
}

/** The entries that the bound counts, and those of areas, which it does not. */
function apart(taken: Taken): readonly [own: Taken, areas: Taken] {
  const own = new Map<EntryId, Entry>()
  const areas = new Map<EntryId, Entry>()
  for (const [id, entry] of taken) (entry.key instanceof AreaKey ? areas : own).set(id, entry)
  return [own, areas]
}
