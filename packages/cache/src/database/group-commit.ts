import type { PositionWrite } from '../exactly-once/positions.ts'

/**
 * Resolves once the queued writes (`all`: also the buffered ones) of all caches are durable. Writes at once while no batch
 * is under way; otherwise all calls until the next batch share that batch. `positions` go into the same batch.
 */
export type Commit = (all: boolean, positions?: readonly PositionWrite[]) => Promise<void>

/** The commits that share the next batch. */
interface Group {
  readonly promise: Promise<void>
  resolve(): void
  reject(error: unknown): void
  all: boolean
  positions: readonly PositionWrite[]
}

interface CommitState {
  isWriting: boolean
  /** The group that is written after the current batch. */
  next: Group | undefined
}

/** Group commit: one batch at a time. `writeBatch` takes its entries before it awaits anything. */
export function createGroupCommit(
  writeBatch: (all: boolean, positions: readonly PositionWrite[]) => Promise<void>,
): Commit {
  const state: CommitState = { isWriting: false, next: undefined }

  async function write(all: boolean, positions: readonly PositionWrite[]): Promise<void> {
    state.isWriting = true
    try {
      await writeBatch(all, positions)
    } finally {
      state.isWriting = false
      const group = state.next
      state.next = undefined
      if (group) write(group.all, group.positions).then(group.resolve, group.reject)
    }
  }

  return (all, positions = []) => {
    if (!state.isWriting) return write(all, positions)
    const group = (state.next ??= createGroup())
    group.all ||= all
    if (positions.length > 0) group.positions = positions
    return group.promise
  }
}

function createGroup(): Group {
  let resolve!: () => void
  let reject!: (error: unknown) => void
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject, all: false, positions: [] }
}
