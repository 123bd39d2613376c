import type { Figures } from './verdict.ts'
import type { DriverName } from './worker-plan.ts'

export interface TrialOptions {
  readonly addresses: string
  readonly driver: DriverName
  /** Part of the names of topics and groups, so that they are its own. */
  readonly id: string
  readonly partitions: number
  /** How many records there are. */
  readonly records: number
  readonly random: () => number
  readonly signal: AbortSignal
  log(line: string): void
}

/** What it came to. What is no problem of its own follows from the figures. */
export interface TrialOutcome {
  readonly figures: Partial<Figures>
  readonly problems: readonly string[]
}
