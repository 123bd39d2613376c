import type { Pace } from './pace.ts'
import type { Host } from './protocol.ts'
import type { Context } from './types.ts'

/** What everything in one run shares. */
export interface Runtime {
  readonly host: Host
  readonly pace: Pace
  /** Where sources and sinks find each other's connections. */
  readonly scope: Map<unknown, unknown>
  /** Aborted when reading has to end. */
  readonly reading: AbortSignal
  /** Aborted when the time for a graceful end is over. */
  readonly signal: AbortSignal
  /** What handlers get beside the message. */
  readonly context: Context
  /** Takes what stops the stream, and HALTED. */
  fail(error: unknown): void
  checkpoint(): Promise<void>
}
