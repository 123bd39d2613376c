import type { Figures } from './figures.ts'
import type { DriverName } from './worker-plan.ts'

export interface TrialOptions {
  readonly addresses: string
  readonly driver: DriverName
  /** Makes the names of topics and groups unique. */
  readonly id: string
  readonly partitions: number
  /** The number of records. */
  readonly records: number
  readonly random: () => number
  readonly signal: AbortSignal
  log(line: string): void
}

/** The figures of a trial, and problems that the figures do not show. */
export interface TrialOutcome {
  readonly figures: Partial<Figures>
  readonly problems: readonly string[]
}
