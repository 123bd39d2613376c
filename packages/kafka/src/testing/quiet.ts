import type { TestRun } from '@snapstream/core/testing'

/** How long a sink may wait for real I/O, such as a disk, when no timer is due, in ms. */
const ADAPTER_PATIENCE_MS = 2000
/** This many turns of the event loop take less than the shortest timer, and settle most promises in memory. */
const QUICK_TURNS = 100

export interface QuietOptions {
  /** The streams that run: their pending calls count. */
  readonly runs: ReadonlySet<TestRun>
  /** Whether a timer of the virtual clock is due: pending calls may wait for it. */
  readonly isDue: () => boolean
  /** How long the user's functions may wait for real I/O, in ms. */
  readonly patienceMs: number
}

/**
 * Waits until real time brings no more progress: promises in memory are settled, and calls of handlers, sinks and caches to
 * the outside have ended. A call that takes longer is taken to wait for the virtual clock, or for the test.
 */
export function createQuiet({ runs, isDue, patienceMs }: QuietOptions): () => Promise<void> {
  /** The progress at which the last wait ended by its limit. The same progress is not waited for again. */
  let waitedFor: Progress | undefined

  return async () => {
    await turn()
    let progress = progressOf(runs)
    let since = performance.now()
    for (let turns = 0; isBusy(runs) && !isDue(); turns++) {
      if (waitedFor !== undefined && isSame(waitedFor, progress)) return
      await (turns < QUICK_TURNS ? turn() : pause(1))
      const next = progressOf(runs)
      if (!isSame(next, progress)) {
        progress = next
        since = performance.now()
        continue
      }
      if (performance.now() - since > (isInAdapters(runs) ? Math.max(patienceMs, ADAPTER_PATIENCE_MS) : patienceMs))
        waitedFor = progress
    }
  }
}

/** By run, its steps. */
type Progress = ReadonlyMap<TestRun, number>

function progressOf(runs: ReadonlySet<TestRun>): Progress {
  return new Map(Array.from(runs, (run) => [run, run.steps]))
}

function isSame(one: Progress, other: Progress): boolean {
  if (one.size !== other.size) return false
  for (const [run, steps] of one) if (other.get(run) !== steps) return false
  return true
}

function isBusy(runs: ReadonlySet<TestRun>): boolean {
  for (const { pending } of runs) if (pending.functions + pending.adapters > 0) return true
  return false
}

/** Whether adapters wait for real I/O: each run's only timer is that of its checkpoints. */
function isInAdapters(runs: ReadonlySet<TestRun>): boolean {
  let adapters = 0
  for (const { pending, timers } of runs) {
    if (timers > 1) return false
    adapters += pending.adapters
  }
  return adapters > 0
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))
const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))
