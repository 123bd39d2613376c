import { clock } from './clock.ts'
import type { Run } from './runs.ts'

/** What a run takes beyond its own time: topics, workers that start, what is drained, and the judge. In seconds. */
const BESIDES = 15
const EVERY_MS = 30_000

export interface Progress {
  /** One more run has ended. */
  done(): void
  stop(): void
}

/** Says now and then how far it is, in a line of its own: all of it takes an hour. */
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

/** In seconds: `elapsed`, and `doneAfter` until the last of the runs that are done. */
export function progressLine(
  runs: readonly Run[],
  { elapsed, done, doneAfter }: { readonly elapsed: number; readonly done: number; readonly doneAfter: number },
): string {
  const left = runs.slice(done).reduce((sum, { seconds }) => sum + seconds + BESIDES, 0)
  // The current one may be late.
  const total = Math.max(elapsed, doneAfter + left)
  return `progress: ${minutes(elapsed)} of about ${minutes(total)}, ${done} of ${runs.length} runs done`
}

function minutes(seconds: number): string {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
