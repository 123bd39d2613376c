import { runDay } from './run-day.ts'
import type { RunOptions } from './run-options.ts'
import { runTrial } from './run-trial.ts'
import type { Case } from './scenario.ts'
import type { Result } from './verdict.ts'

/** Runs one case with one driver on new topics, and judges it. Rejects only if the run is interrupted. */
export function runCase(one: Case, options: RunOptions): Promise<Result> {
  return 'run' in one ? runDay(one, options) : runTrial(one, options)
}
