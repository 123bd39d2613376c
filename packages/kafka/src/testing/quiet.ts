import type { TestRun } from '@snapstream/core/testing'

/** How long a sink that has no timer to wait for may be busy with something real, such as a disk, in ms. */
const ADAPTER_PATIENCE_MS = 2000
/** So many turns of the event loop are quicker than the shortest timer, and settle most of what is in memory. */
const QUICK_TURNS = 100

export interface QuietOptions {
  /** The run whose calls are waited for, while there is one. */
  readonly running: () => TestRun | undefined
  /** Whether a timer of the virtual clock is due: what is pending may wait for it. */
  readonly isDue: () => boolean
  /** How long the user's functions may be busy with something real, in ms. */
  readonly patienceMs: number
}

/**
 * Waits until what happens in real time has happened: every promise in memory, and calls of handlers, sinks and caches
 * that work on something outside. A call that goes on for longer waits for the clock, or for the test.
 */
export function createQuiet({ running, isDue, patienceMs }: QuietOptions): () => Promise<void> {
  /** The state in which waiting was given up: there is no use in doing so again. */
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
      // Beside that of the checkpoints there is no timer, so what adapters do takes place outside of the clock.
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
