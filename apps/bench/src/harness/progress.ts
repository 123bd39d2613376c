export interface Progress {
  begins(title: string, round: number): void
  ended(title: string, wallMs: number): void
}

export interface ProgressOptions {
  /** The titles of all runs; a title occurs once per run. */
  readonly titles: readonly string[]
  /** The time of each run in the last results, in ms, where it is known. */
  readonly known: ReadonlyMap<string, number>
  log(line: string): void
}

/** Shows the current run and the time left, estimated from runs of the same title, now or in the last results. */
export function createProgress({ titles, known, log }: ProgressOptions): Progress {
  const took = new Map(known)
  const left = new Map<string, number>()
  for (const title of titles) left.set(title, (left.get(title) ?? 0) + 1)
  let done = 0
  return {
    begins(title, round) {
      done += 1
      const estimate = timeLeft(left, took)
      const rest = estimate === undefined ? '' : `, about ${minutes(estimate)} left`
      log(`[${done}/${titles.length}${rest}] ${title}, round ${round}`)
    },
    ended(title, wallMs) {
      took.set(title, wallMs)
      left.set(title, (left.get(title) ?? 1) - 1)
    },
  }
}

/** Undefined while no time is known. Runs without a known time count as the average of the others. */
export function timeLeft(left: ReadonlyMap<string, number>, took: ReadonlyMap<string, number>): number | undefined {
  if (took.size === 0) return undefined
  const mean = [...took.values()].reduce((total, one) => total + one, 0) / took.size
  return [...left].reduce((total, [title, times]) => total + times * (took.get(title) ?? mean), 0)
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
