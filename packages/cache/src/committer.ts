export interface Committer {
  /**
   * Resolves once what callers wait for (`all`: also what sinks buffered) up to now is durable. At once when nothing is
   * under way, otherwise together with everything that comes until the next batch starts.
   */
  commit(all: boolean): Promise<void>
}

interface Round {
  readonly promise: Promise<void>
  resolve(): void
  reject(error: unknown): void
  all: boolean
}

/**
 * One batch at a time; callers that come meanwhile share the next one. What is in a batch is settled in the very call of
 * `writeBatch`, before it waits for anything.
 */
export function createCommitter(writeBatch: (all: boolean) => Promise<void>): Committer {
  let running = false
  let next: Round | undefined

  async function run(all: boolean): Promise<void> {
    running = true
    try {
      await writeBatch(all)
    } finally {
      running = false
      const round = next
      next = undefined
      if (round) run(round.all).then(round.resolve, round.reject)
    }
  }

  return {
    commit(all) {
      if (!running) return run(all)
      next ??= createRound()
      next.all ||= all
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
  return { promise, resolve, reject, all: false }
}
