import type { Through } from '@snapstream/core'
import type { OperatorKey, OperatorPart, OperatorTimer, TimerKind } from '@snapstream/core/adapter'
import type { AnyStore } from './any-store.ts'
import type { Input } from './chain.ts'
import { expectMs, expectOptions, expectUsage, isStore } from './check.ts'
import { createMemoryStore } from './memory/memory-store.ts'
import { keyOf, timeOf } from './message.ts'
import type { Keyed } from './message.ts'
import { numbersCodec } from './numbers-codec.ts'
import { through } from './through.ts'
import { checkEventTime, createTimedStep, EVENT_TIME_OPTIONS } from './timed-step.ts'
import type { EventTimeOptions } from './timed-step.ts'

/** The area with the time of the last message of each key that was passed on. */
const PASSED = 'passed'

/** Options of `throttle`. */
export interface ThrottleOptions extends EventTimeOptions {
  /** The time between two messages of a key, in ms. A whole number above 0. */
  readonly everyMs: number
  /** Whether that goes by the timestamps of messages, the same in a replay, or by the time of day. @default 'event' */
  readonly by?: TimerKind | undefined
}

/**
 * Passes on a message of a key, and drops those that follow in less than `everyMs`.
 *
 * `store`: where it notes what it has passed on; by default in memory, where that ends with the process and its partitions.
 * A message without a key fails, and by event time one without a timestamp: `onError` decides. Throws `USAGE`.
 *
 * @example
 * const calm = throttle(temperatures, { everyMs: 10_000 })
 */
export function throttle<M extends Keyed, S = M>(
  source: Input<M, S>,
  store: AnyStore,
  options: ThrottleOptions,
): Through<M, S>
export function throttle<M extends Keyed, S = M>(source: Input<M, S>, options: ThrottleOptions): Through<M, S>
export function throttle<M extends Keyed, S = M>(
  source: Input<M, S>,
  ...rest: readonly [store: AnyStore, options: ThrottleOptions] | readonly [options: ThrottleOptions]
): Through<M, S> {
  const [store, options] = rest.length === 2 ? rest : [createMemoryStore<OperatorKey, unknown>('throttle'), rest[0]]
  expectUsage(isStore(store), 'throttle', 'the second argument is a store or the options', store)
  expectOptions(options, ['everyMs', 'by', ...EVENT_TIME_OPTIONS], 'throttle')
  const { everyMs, by = 'event', maxAheadMs } = options
  expectMs(everyMs, 'everyMs', 'throttle', { min: 1 })
  expectUsage(by === 'event' || by === 'clock', 'throttle', "by is 'event' or 'clock'", by)
  return through<M, M, S>(source, {
    name: 'throttle',
    store,
    sequential: true,
    timing: checkEventTime(options, 'throttle'),
    connect(next, frame) {
      const forget = (part: OperatorPart, { key }: OperatorTimer) => part.area(PASSED, numbersCodec).del(key)
      return createTimedStep<M, OperatorKey, unknown>({
        name: 'throttle',
        store,
        next,
        frame,
        maxAheadMs,
        ...(by === 'event' && { timeOf: (message, timestamp) => timeOf(message, timestamp, 'throttle') }),
        check: (message) => keyOf(message, 'throttle'),
        handle(part, message, time, timestamp) {
          const key = keyOf(message, 'throttle')
          const now = by === 'event' ? time : frame.now()
          const passed = part.area<OperatorKey, readonly number[]>(PASSED, numbersCodec)
          const [last] = passed.getSync(key) ?? []
          if (last !== undefined && now < last + everyMs) return
          // Its timer may not have fired yet.
          if (last !== undefined) part.deleteTimer(by, last + everyMs, key)
          passed.put(key, [now])
          part.setTimer(by, now + everyMs, key)
          next.message(message, timestamp)
        },
        fire: forget,
        fireClock: forget,
      })
    },
  })
}
