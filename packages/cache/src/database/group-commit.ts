import type { PositionWrite } from '../exactly-once/positions.ts'

/**
 * Resolves once the queued writes (`all`: also the buffered ones) of all caches are in the backend. Writes at once while no
 * batch is under way; otherwise all calls until the next batch share that batch.
 */
export type Commit = (all: boolean, options?: CommitOptions) => Promise<void>

export interface CommitOptions {
  /** They go into the same batch. */
  readonly positions?: readonly PositionWrite[]
  /**
   * Whether the writes have to survive a crash of the machine. A crash of the process alone loses no batch.
   *
   * @default true
   */
  readonly sync?: boolean
}

/** A batch, with the options of the commits that share it. */
export type WriteBatch = (all: boolean, options: Required<CommitOptions>) => Promise<void>

/** The commits that share the next batch. */
interface Group {
  readonly promise: Promise<void>
  resolve(): void
  reject(error: unknown): void
  all: boolean
  positions: readonly PositionWrite[]
  sync: boolean
}

interface CommitState {
  isWriting: boolean
  /** The group that is written after the current batch. */
  next: Group | undefined
}

/** Group commit: one batch at a time. `writeBatch` takes its entries before it awaits anything. */
export function createGroupCommit(writeBatch: WriteBatch): Commit {
  const state: CommitState = { isWriting: false, next: undefined }

  async function write(all: boolean, options: Required<CommitOptions>): Promise<void> {
    state.isWriting = true
    try {
      await writeBatch(all, options)
    } finally {
      state.isWriting = false
      const group = state.next
      state.next = undefined
      if (group) write(group.all, group).then(group.resolve, group.reject)
    }
  }

  return (all, { positions = [], sync = true } = {}) => {
    if (!state.isWriting) return write(all, { positions, sync })
    const group = (state.next ??= createGroup())
    group.all ||= all
    group.sync ||= sync
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
  return { promise, resolve, reject, all: false, positions: [], sync: false }
}
