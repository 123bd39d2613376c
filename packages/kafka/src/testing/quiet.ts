import type { TestRun } from '@snapstream/core/testing'

/** How long a sink may wait for real I/O, such as a disk, when no timer is due, in ms. */
const ADAPTER_PATIENCE_MS = 2000
/** This many turns of the event loop take less than the shortest timer, and settle most promises in memory. */
const QUICK_TURNS = 100

export interface QuietOptions {
  /** The run whose pending calls count, while the stream runs. */
  readonly running: () => TestRun | undefined
  /** Whether a timer of the virtual clock is due: pending calls may wait for it. */
  readonly isDue: () => boolean
  /** How long the user's functions may wait for real I/O, in ms. */
  readonly patienceMs: number
}

/**
 * Waits until real time brings no more progress: promises in memory are settled, and calls of handlers, sinks and caches to
 * the outside have ended. A call that takes longer is taken to wait for the virtual clock, or for the test.
 */
export function createQuiet({ running, isDue, patienceMs }: QuietOptions): () => Promise<void> {
  /** The state at which the last wait ended by its limit. The same state is not waited for again. */
  let waitedFor: { readonly run: TestRun; readonly steps: number } | undefined

  return async () => {
    await turn()
    const run = running()
    if (run === undefined) return
    let { steps } = run
    let since = performance.now()
    for (let turns = 0; isBusy(run) && !isDue() && running() === run; turns++) {
      if (waitedFor?.run === run && waitedFor.steps === run.steps) return
      await (turns < QUICK_TURNS ? turn() : pause(1))
      if (run.steps !== steps) {
        steps = run.steps
        since = performance.now()
        continue
      }
      // The only timer is that of the checkpoints, so adapters wait for real I/O.
      const real = run.pending.adapters > 0 && run.timers <= 1
      if (performance.now() - since > (real ? Math.max(patienceMs, ADAPTER_PATIENCE_MS) : patienceMs))
        waitedFor = { run, steps }
    }
  }
}

function isBusy({ pending }: TestRun): boolean {
  return pending.functions + pending.adapters > 0
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))
const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))
