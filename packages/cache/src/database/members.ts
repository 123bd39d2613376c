import type { Backend, Batch } from '../backend/backend.ts'
import type { PendingWrites, Taken } from './pending-writes.ts'

/** A cache, or another map of entries, that shares a database with others. */
export interface Member {
  readonly writes: PendingWrites
  /** Called before anything is written, and again after each time the backend was opened. */
  load(db: Backend): Promise<void>
  /** Whether the next batch has something to remove, even if nothing was written. */
  isDue(): boolean
  /** The earliest moment at which `isDue` may become true, in ms since the epoch; Infinity: never. */
  dueAt(): number
  /** Adds the entries that were taken from `writes` to the batch. Either `written` or `failed` follows. */
  write(batch: Batch, db: Backend, taken: Taken): Promise<void>
  written(): void
  failed(): void
  /** The database was closed: no more writes can come. */
  end(): void
}

/** The shortest interval between two checks for members that are due. */
const CHECK_INTERVAL_MS = 100

/**
 * The caches of a database. A batch asks only those that may have something to write, so the cost of a write does not
 * depend on the number of sub-caches.
 */
export interface Members {
  readonly all: ReadonlySet<Member>
  join(member: Member): void
  /** Forgets the member. A batch that has its writes already is written all the same. */
  leave(member: Member): void
  /** The member has something for the next batch. */
  touch(member: Member): void
  /** To be called after the member was loaded, and after its batch was written or failed: it may be due at another time. */
  settle(member: Member): void
  /** Returns the members that the next batch has to ask, and forgets them. */
  next(): ReadonlySet<Member>
}

interface MembersState {
  touched: Set<Member>
  /** Members that will be due; none of them before `earliest`. */
  readonly waiting: Set<Member>
  earliest: number
  checkedAt: number
}

export function createMembers(now: () => number): Members {
  const all = new Set<Member>()
  const state: MembersState = { touched: new Set(), waiting: new Set(), earliest: Infinity, checkedAt: -Infinity }

  return {
    all,
    join: (member) => void all.add(member),
    leave(member) {
      all.delete(member)
      state.touched.delete(member)
      state.waiting.delete(member)
    },
    touch(member) {
      if (all.has(member)) state.touched.add(member)
    },
    settle(member) {
      if (!all.has(member)) return
      const at = member.dueAt()
      if (at === Infinity) state.waiting.delete(member)
      else state.waiting.add(member)
      state.earliest = Math.min(state.earliest, at)
      if (member.isDue()) state.touched.add(member)
    },
    next() {
      const { touched } = state
      state.touched = new Set()
      addDue(state, touched, now)
      return touched
    },
  }
}

function addDue(state: MembersState, to: Set<Member>, now: () => number): void {
  if (now() < state.earliest || performance.now() - state.checkedAt < CHECK_INTERVAL_MS) return
  state.checkedAt = performance.now()
  state.earliest = Infinity
  for (const member of state.waiting) {
    state.earliest = Math.min(state.earliest, member.dueAt())
    if (member.isDue()) to.add(member)
  }
}
