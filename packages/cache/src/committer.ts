import type { PositionWrite } from './kept-positions.ts'

export interface Committer {
  /**
   * Resolves once what callers wait for (`all`: also what sinks buffered) up to now is durable. At once when nothing is
   * under way, otherwise together with everything that comes until the next batch starts. `positions` go into the same
   * batch.
   */
  commit(all: boolean, positions?: readonly PositionWrite[]): Promise<void>
}

interface Round {
  readonly promise: Promise<void>
  resolve(): void
  reject(error: unknown): void
  all: boolean
  positions: readonly PositionWrite[]
}

/**
 * One batch at a time; callers that come meanwhile share the next one. What is in a batch is settled in the very call of
 * `writeBatch`, before it waits for anything.
 */
export function createCommitter(
  writeBatch: (all: boolean, positions: readonly PositionWrite[]) => Promise<void>,
): Committer {
  let running = false
  let next: Round | undefined

  async function run(all: boolean, positions: readonly PositionWrite[]): Promise<void> {
    running = true
    try {
      await writeBatch(all, positions)
    } finally {
      running = false
      const round = next
      next = undefined
      if (round) run(round.all, round.positions).then(round.resolve, round.reject)
    }
  }

  return {
    commit(all, positions = []) {
      if (!running) return run(all, positions)
      next ??= createRound()
      next.all ||= all
      if (positions.length > 0) next.positions = positions
      return next.promise
    },
  }
}

function createRound(): Round {
  let resolve!: () => void
  let reject!: (error: unknown) => void
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject, all: false, positions: [] }
}
