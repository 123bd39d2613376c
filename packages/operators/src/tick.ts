import type { AnyAccess } from './any-store.ts'

/** A step without a message, as time has passed: operators fire the timers that are due. One for each lane. */
export class Tick {
  /** It has none: results of timers have times of their own. */
  declare readonly timestamp?: number
  /** The time of day in ms since the epoch. */
  now = 0
  /** The event time of the part of a store by now; a store without an entry keeps that of its messages. */
  times: ReadonlyMap<AnyAccess, number> = new Map()
}
