import type { Emit } from '../observe/events.ts'
import type { EngineProbe } from '../observe/probe.ts'
import type { Pace } from './pace.ts'
import type { Host } from '../host.ts'
import type { SinkWriter } from '../protocol.ts'
import type { Tally } from '../observe/tally.ts'
import type { Context } from '../types.ts'
import type { Transaction } from './transaction.ts'

/** The state that all parts of one run share. */
export interface Runtime {
  readonly host: Host
  readonly pace: Pace
  /** One map for all sources and sinks of the run, in which they share connections. */
  readonly scope: Map<unknown, unknown>
  /** Aborted when reading has to end. */
  readonly reading: AbortSignal
  /** Aborted when the time for a graceful end is over. */
  readonly signal: AbortSignal
  /** The second argument of handlers. */
  readonly context: Context
  /** See `StreamOptions`. */
  readonly readyLag: number
  /** The deadline of handlers, by the monotonic clock; Infinity before the end begins. */
  until: number
  /** Stops the stream with an error; ignores HALTED. `bound`: the source or sink that failed, if the error does not name it. */
  fail(error: unknown, bound?: unknown): void
  checkpoint(): Promise<void>
  readonly emit: Emit
  readonly probe: EngineProbe | undefined
  /** Makes the function `trouble` for a source or sink that these bindings use. */
  trouble(role: 'source' | 'sink', tallies: readonly Tally[]): (error: Error) => void
  /** The sinks and sources that the checkpoint waits for, by bound object, with the start of the wait by the watchdog's clock. */
  readonly flushing: Map<unknown, number>
  readonly committing: Map<unknown, number>
  /** Messages of which a sink refused a value after it was written, with the promise of their `onError`. Checkpoints remove them. */
  readonly refusals: Map<unknown, Promise<unknown>>
  /** The writers of the open sinks, by bound object. */
  readonly writers: Map<unknown, SinkWriter<unknown>>
  /** The transactions of the atomic sinks among them, by `transactionOf`. */
  readonly transactions: Map<unknown, Transaction>
}
