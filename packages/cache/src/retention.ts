import { setImmediate } from 'node:timers/promises'
import type { Backend } from './backend.ts'
import { delOptions, putOptions } from './batch-encodings.ts'
import { createBound } from './bound.ts'
import type { Batch, Database, Taken } from './database.ts'
import { hasEnded } from './entry-options.ts'
import { createExpiryIndex } from './expiry-index.ts'
import type { KeySpace } from './key-space.ts'
import { addHead } from './stored-head.ts'

/** Puts between two turns of the event loop: a few milliseconds. */
const PUTS_PER_TURN = 4096
/** How much a batch removes of what has ended, and of what there is too much of: more than it adds, and so much besides. */
const REMOVALS = 1000

interface RetentionOptions {
  readonly database: Pick<Database, 'now' | 'readOnly'>
  readonly space: KeySpace
  readonly encoding: 'utf8' | 'buffer'
  readonly maxEntries: number
  readonly maxBytes: number
}

/** Puts writes into batches, and removes in the same batches what has ended and what there is too much of. */
export interface Retention {
  /** Whether anything in the backend may have an end. */
  mayEnd(): boolean
  /** Whether it keeps the ages of entries: it has a bound, or had one. */
  isBounded(): boolean
  /** Whether there is something to remove; then the next batch does not put it off. */
  isBehind(): boolean
  load(db: Backend): Promise<void>
  isDue(): boolean
  /** From when on it may be due, in ms since the epoch; Infinity: never. */
  dueAt(): number
  write(batch: Batch, db: Backend, taken: Taken): Promise<void>
  written(): void
  failed(): void
}

export function createRetention(options: RetentionOptions): Retention {
  const { database, space, encoding, maxEntries, maxBytes } = options
  const { now } = database
  const expiry = createExpiryIndex(space, now)
  const bound = createBound({ space, now, maxEntries, maxBytes })
  const isText = encoding === 'utf8'

  async function write(batch: Batch, taken: Taken): Promise<void> {
    let puts = 0
    for (const entry of taken.values()) {
      const { stored, expiresAt } = entry
      const key = space.forBatch(entry.key)
      if (stored === undefined || hasEnded(expiresAt, now)) batch.del(key, delOptions(key))
      else {
        batch.put(key, addHead(stored, expiresAt, 0), putOptions(key, isText))
        if (expiresAt !== 0) expiry.add(batch, entry)
      }
      if (++puts % PUTS_PER_TURN === 0) await setImmediate()
    }
  }

  return {
    mayEnd: () => expiry.mayHave,
    isBounded: () => bound.isOn,
    isBehind() {
      expiry.hurry()
      return expiry.isBehind() || bound.isOver()
    },
    isDue: () => expiry.isDue() || bound.isOver(),
    dueAt: () => (bound.isOver() ? -Infinity : expiry.earliest),
    async load(db) {
      await expiry.load(db)
      await bound.load(db, database.readOnly)
    },
    async write(batch, db, taken) {
      const limit = REMOVALS + 2 * taken.size
      const swept = expiry.isDue() ? await expiry.sweep(batch, db, limit, taken) : []
      if (bound.isOn) await bound.write(batch, db, taken, swept, limit, (entry) => expiry.add(batch, entry))
      else await write(batch, taken)
    },
    written() {
      expiry.written()
      if (bound.isOn) bound.written()
    },
    failed: expiry.failed,
  }
}
