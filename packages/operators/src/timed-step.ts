import type { OperatorKey, OperatorPart, OperatorTimer } from '@snapstream/core/adapter'
import type { AnyStore } from './any-store.ts'
import { expectMs } from './check.ts'
import { createEventTime } from './event-time.ts'
import { ownTime } from './message.ts'
import type { Frame, OperatorStep } from './step.ts'

const MAX_AHEAD_MS = 86_400_000
const IDLE_MS = 60_000

/** Options of operators that go by event time. */
export interface EventTimeOptions {
  /**
   * The time after which a partition without messages goes on with the wall clock, in ms, so that what waits for event time ends.
   * It counts while the partition has caught up, so never in a replay. A whole number, or Infinity: never. @default 60_000
   */
  readonly idleMs?: number | undefined
  /** How far the time of a message may be ahead of the wall clock, in ms, before the message fails. @default 86_400_000 (a day) */
  readonly maxAheadMs?: number | undefined
}

/** The names of these options. */
export const EVENT_TIME_OPTIONS = ['idleMs', 'maxAheadMs']

/** Throws `USAGE`. Returns how the operator goes by time. */
export function checkEventTime({ idleMs = IDLE_MS, maxAheadMs }: EventTimeOptions, operator: string) {
  expectMs(idleMs, 'idleMs', operator, { min: 1, infinite: true })
  if (maxAheadMs !== undefined) expectMs(maxAheadMs, 'maxAheadMs', operator, { infinite: true })
  return { idleMs }
}

export interface TimedStepOptions<M, K extends OperatorKey, V> extends Pick<EventTimeOptions, 'maxAheadMs'> {
  /** The name of the operator, for errors. */
  readonly name: string
  readonly store: AnyStore
  readonly next: OperatorStep<never>
  readonly frame: Frame
  /** The time of a message, if it has to have one. Throws if it has none. */
  readonly timeOf?: (message: M, timestamp: number | undefined) => number
  /** Throws for a message that the operator cannot handle, before it moves event time. */
  readonly check?: (message: M) => void
  /**
   * Handles a message, after the timers up to its time have fired. `time`: its event time, `NaN` if it has none; `timestamp`: that
   * for what is made of it.
   */
  handle(part: OperatorPart<K, V>, message: M, time: number, timestamp: number | undefined): void
  /** An event timer is due. */
  readonly fire?: (part: OperatorPart<K, V>, timer: OperatorTimer) => void
  /** A timer of the wall clock is due. `now`: the time of day. */
  readonly fireClock?: (part: OperatorPart<K, V>, timer: OperatorTimer, now: number) => void
}

/** Makes the step of an operator with timers: it keeps the event time of its part, and fires what is due. */
export function createTimedStep<M, K extends OperatorKey, V>({
  name,
  store,
  next,
  frame,
  timeOf = (message, timestamp) => ownTime(message) ?? timestamp ?? NaN,
  check,
  handle,
  fire,
  fireClock,
  maxAheadMs = MAX_AHEAD_MS,
}: TimedStepOptions<M, K, V>): OperatorStep<M> {
  const access = store['~snapstream.operator']
  const partNow = () => access.of(frame.root) as OperatorPart<K, V>
  const eventTime = createEventTime<OperatorPart<K, V>>({
    name,
    frame,
    maxAheadMs,
    fire: (part, timer) => fire?.(part, timer),
  })
  return {
    message(message, timestamp) {
      const time = timeOf(message, timestamp)
      check?.(message)
      const part = partNow()
      if (time > part.time) eventTime.observe(part, time)
      handle(part, message, time, timestamp)
      // It may have set one for a time that has passed.
      if (part.nextTimer('event') <= part.time) eventTime.advance(part, part.time)
    },
    passed: (timestamp) => eventTime.observe(partNow(), timestamp),
    tick(tick) {
      const part = partNow()
      const time = tick.times.get(access)
      if (time !== undefined) eventTime.advance(part, time)
      while (part.nextTimer('clock') <= tick.now) {
        const timer = part.takeTimer('clock', tick.now)
        if (timer === undefined) break
        fireClock?.(part, timer, tick.now)
      }
      next.tick?.(tick)
    },
  }
}
