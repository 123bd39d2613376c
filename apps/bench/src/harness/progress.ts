export interface Progress {
  begins(title: string, round: number): void
  ended(title: string, wallMs: number): void
}

export interface ProgressOptions {
  /** Each run that is to come, by its title; one that runs several times is there as often. */
  readonly titles: readonly string[]
  /** How long a run took the last time, in ms, where that is known. */
  readonly known: ReadonlyMap<string, number>
  log(line: string): void
}

/** Tells what runs, and how much time is left: as long as the same runs took, those of this time before those of another. */
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

/** Undefined as long as nothing is known. What was never run is taken to be like the others. */
export function timeLeft(left: ReadonlyMap<string, number>, took: ReadonlyMap<string, number>): number | undefined {
  if (took.size === 0) return undefined
  const mean = [...took.values()].reduce((total, one) => total + one, 0) / took.size
  return [...left].reduce((total, [title, times]) => total + times * (took.get(title) ?? mean), 0)
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
