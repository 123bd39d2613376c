import { SnapstreamError } from '@snapstream/core'
import type { OperatorTimer } from '@snapstream/core/adapter'
import type { AnyPart } from './any-store.ts'
import { formatTime } from './format-time.ts'
import type { Frame } from './step.ts'

/** The event time of the parts of an operator. */
export interface EventTime {
  /**
   * A message of this time is about to be handled. If it moves the time of the part, the timers up to it fire first, each at its
   * own time. Throws `HANDLER_FAILED` for a time that is too far ahead of the wall clock.
   */
  observe(part: AnyPart, timestamp: number): void
  /** Moves the time of the part, and fires its timers. */
  advance(part: AnyPart, time: number): void
}

export interface EventTimerOptions<P extends AnyPart> {
  /** The name of the operator, for errors. */
  readonly name: string
  readonly frame: Frame
  /** How far a message may be ahead of the wall clock, in ms. */
  readonly maxAheadMs: number
  /** A timer is due. `part.time` is its time, unless it was set for a time that had passed. */
  readonly fire: (part: P, timer: OperatorTimer) => void
}

export function createEventTime<P extends AnyPart>({ name, frame, maxAheadMs, fire }: EventTimerOptions<P>): EventTime {
  /** The wall clock is read only for a message that is beyond what was allowed when it was read last. */
  let limit = -Infinity

  function checkAhead(timestamp: number): void {
    const now = frame.now()
    limit = now + maxAheadMs
    if (timestamp <= limit) return
    throw new SnapstreamError(
      'HANDLER_FAILED',
      `the message of ${name} has the time ${formatTime(timestamp)}, which is more than maxAheadMs (${maxAheadMs}) ahead of the clock, ${formatTime(now)}; it would end everything that is earlier: correct the clock of its writer and let onError skip the message, or raise maxAheadMs`,
    )
  }

  function advance(part: AnyPart, time: number): void {
    while (part.nextTimer('event') <= time) {
      const timer = part.takeTimer('event', time)
      if (timer === undefined) break
      part.advance(timer.time)
      fire(part as P, timer)
    }
    part.advance(time)
  }

  return {
    observe(part, timestamp) {
      if (timestamp <= part.time) return
      if (timestamp > limit) checkAhead(timestamp)
      advance(part, timestamp)
    },
    advance,
  }
}
