import type { Backend } from './backend.ts'
import type { Batch, Taken } from './database.ts'
import type { Overlay } from './overlay.ts'

/** A cache that shares a database with others. */
export interface Member {
  readonly overlay: Overlay
  /** Called before anything is written, and again after each time the backend was opened. */
  load(db: Backend): Promise<void>
  /** Whether it has something to do in the next batch, also if nothing is taken. */
  isDue(): boolean
  /** From when on it may have that, in ms since the epoch; Infinity: never. */
  dueAt(): number
  /** Adds to the batch what was taken from the overlay. Either `written` or `failed` follows. */
  write(batch: Batch, db: Backend, taken: Taken): Promise<void>
  written(): void
  failed(): void
  /** No more writes can come. */
  end(): void
}

/** How often to look for members that are due. */
const PAUSE_MS = 100

/**
 * The caches of a database. A batch asks only those that may have something for it, so that what a write costs does not
 * depend on how many there are.
 */
export interface Members {
  readonly all: readonly Member[]
  join(member: Member): void
  /** The member has something for the next batch. */
  touch(member: Member): void
  /** The member was loaded, or a batch of it was written or failed: when it is due may have changed. */
  settle(member: Member): void
  /** Those that the next batch has to ask, and forgets them. */
  next(): ReadonlySet<Member>
}

export function createMembers(now: () => number): Members {
  const all: Member[] = []
  let touched = new Set<Member>()
  /** Those that are due at some time; none of them before `earliest`. */
  const waiting = new Set<Member>()
  let earliest = Infinity
  let lookedAt = -Infinity

  function addDue(to: Set<Member>): void {
    if (now() < earliest || performance.now() - lookedAt < PAUSE_MS) return
    lookedAt = performance.now()
    earliest = Infinity
    for (const member of waiting) {
      earliest = Math.min(earliest, member.dueAt())
      if (member.isDue()) to.add(member)
    }
  }

  return {
    all,
    join: (member) => void all.push(member),
    touch: (member) => void touched.add(member),
    settle(member) {
      const at = member.dueAt()
      if (at === Infinity) waiting.delete(member)
      else waiting.add(member)
      earliest = Math.min(earliest, at)
      if (member.isDue()) touched.add(member)
    },
    next() {
      const next = touched
      touched = new Set()
      addDue(next)
      return next
    },
  }
}
