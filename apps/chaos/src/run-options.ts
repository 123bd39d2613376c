import type { Brokers } from './brokers.ts'
import type { DriverName } from './worker-plan.ts'

export interface RunOptions {
  readonly brokers: Brokers
  readonly driver: DriverName
  readonly seed: number
  readonly seconds: number
  readonly signal: AbortSignal
  log(line: string): void
}
