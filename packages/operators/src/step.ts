import type { Lane } from '@snapstream/core'
import type { Tick } from './tick.ts'

/**
 * An operator in front of the next one. Its functions are synchronous and need no `this`: a message runs through the whole
 * chain in one call.
 */
export interface OperatorStep<M> {
  /**
   * Handles a message. `timestamp`: its event time if an operator before this one gave it one; undefined: that of the message
   * itself.
   */
  readonly message: (message: M, timestamp: number | undefined) => void
  /** A message ended before this step. Its time counts. Undefined where neither this step nor those behind it go by time. */
  readonly passed?: ((timestamp: number) => void) | undefined
  /** Fires the timers that are due. Undefined where neither this step nor those behind it have timers. */
  readonly tick?: ((tick: Tick) => void) | undefined
}

/** The state that the operators of a chain share while a message runs through it. */
export interface Frame {
  /** The message of the source, or the tick, that is being handled: stores know their part by it. */
  readonly root: unknown
  /** The number of the attempt at it: every attempt has another one. */
  readonly attempt: number
  /** The source of the message, as it is bound. Only chains with a clock know it. */
  readonly source: unknown
  /** The lane of the message. Only chains with a clock know it. */
  readonly lane: Lane | undefined
  /** The time of day in ms since the epoch. */
  now(): number
  /** Counts the message as late once it is handled. `timestamp`: its event time; `time`: that of its part. */
  late(timestamp: number, time: number): void
}
