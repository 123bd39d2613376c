import { clock } from './clock.ts'
import type { Run } from './runs.ts'

/** Seconds that a run takes beyond its duration: creating topics, starting workers, draining and judging. */
const BESIDES = 15
const EVERY_MS = 30_000

export interface Progress {
  /** Marks one more run as done. */
  done(): void
  stop(): void
}

/** Logs a progress line every 30 s: all cases together take two hours. */
export function startProgress(runs: readonly Run[], log: (line: string) => void): Progress {
  const startedAt = clock()
  const elapsed = () => (clock() - startedAt) / 1000
  let [done, doneAfter] = [0, 0]
  const tell = () => log(progressLine(runs, { elapsed: elapsed(), done, doneAfter }))
  const timer = setInterval(tell, EVERY_MS)
  return {
    done() {
      done += 1
      doneAfter = elapsed()
      tell()
    },
    stop: () => clearInterval(timer),
  }
}

/** `elapsed` and `doneAfter` (the time at which the last run was done) are in seconds. */
export function progressLine(
  runs: readonly Run[],
  { elapsed, done, doneAfter }: { readonly elapsed: number; readonly done: number; readonly doneAfter: number },
): string {
  const left = runs.slice(done).reduce((sum, { seconds }) => sum + seconds + BESIDES, 0)
  // The current run may exceed its estimate.
  const total = Math.max(elapsed, doneAfter + left)
  return `progress: ${minutes(elapsed)} of about ${minutes(total)}, ${done} of ${runs.length} runs done`
}

function minutes(seconds: number): string {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
