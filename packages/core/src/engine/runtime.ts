import type { Emit } from '../observe/events.ts'
import type { Pace } from './pace.ts'
import type { Host, SinkWriter } from '../protocol.ts'
import type { Tally } from '../observe/tally.ts'
import type { Context } from '../types.ts'

/** The state that all parts of one run share. */
export interface Runtime {
  readonly host: Host
  readonly pace: Pace
  /** Where sources and sinks find each other's connections. */
  readonly scope: Map<unknown, unknown>
  /** Aborted when reading has to end. */
  readonly reading: AbortSignal
  /** Aborted when the time for a graceful end is over. */
  readonly signal: AbortSignal
  /** The second argument of handlers. */
  readonly context: Context
  /** See `StreamOptions`. */
  readonly readyLag: number
  /** Until when handlers have time, by the monotonic clock: Infinity before the end begins. */
  until: number
  /** Takes what stops the stream, and HALTED. `bound`: the source or sink that failed, where the error does not say so. */
  fail(error: unknown, bound?: unknown): void
  checkpoint(): Promise<void>
  readonly emit: Emit
  /** Makes the `trouble` of a source or sink that these bindings use. */
  trouble(role: 'source' | 'sink', tallies: readonly Tally[]): (error: Error) => void
  /** The sinks and sources that the checkpoint waits for, by bound object, with the time since when, by the watchdog's clock. */
  readonly flushing: Map<unknown, number>
  readonly committing: Map<unknown, number>
  /** Messages of which a sink refused a value after it was written, and what `onError` said of them; until a checkpoint. */
  readonly refusals: Map<unknown, Promise<unknown>>
  /** The open sinks, by the topic or cache that was bound. */
  readonly writers: Map<unknown, SinkWriter<unknown>>
  /** A checkpoint has stopped what feeds an atomic sink, also lanes that are yet to come. */
  paused: boolean
}
