import type { Through } from '@snapstream/core'
import type { OperatorPart, OperatorStore, TimerKind } from '@snapstream/core/adapter'
import type { Input } from './chain.ts'
import { expectMs, expectOptions, expectUsage, isStore } from './check.ts'
import { createMemoryStore } from './memory/memory-store.ts'
import { keyOf, ownTime, timeOf } from './message.ts'
import type { Keyed, KeyOf } from './message.ts'
import { numbersCodec } from './numbers-codec.ts'
import { through } from './through.ts'
import { checkEventTime, createTimedStep, EVENT_TIME_OPTIONS } from './timed-step.ts'
import type { EventTimeOptions } from './timed-step.ts'

/** The area with the time from which the message of each key waits, and its event time if it has one. */
const WAITING = 'waiting'

/** Options of `debounce`. */
export interface DebounceOptions extends EventTimeOptions {
  /** How long a key has to be silent, in ms. A whole number above 0. */
  readonly waitMs: number
  /** Whether that goes by the timestamps of messages, the same in a replay, or by the time of day. @default 'event' */
  readonly by?: TimerKind | undefined
}

/**
 * Passes on the last message of a key, once none has followed for `waitMs`. By event time, the last message is the one with the
 * largest timestamp.
 *
 * `store`: where messages wait, by key; by default in memory, where they end with the process and its partitions. Its codec has to
 * take the messages: `map` records of topics to plain data before. A message without a key fails, and by event time one without a
 * timestamp: `onError` decides. Throws `USAGE`.
 *
 * @example
 * const drafts = map(edits, ({ key, value, timestamp }) => ({ key, value, timestamp }))
 * const settled = debounce(drafts, Store<string, Draft>('drafts'), { waitMs: 5000 })
 */
export function debounce<M extends Keyed, S = M>(
  source: Input<M, S>,
  store: OperatorStore<KeyOf<M>, M>,
  options: DebounceOptions,
): Through<M, S>
export function debounce<M extends Keyed, S = M>(source: Input<M, S>, options: DebounceOptions): Through<M, S>
export function debounce<M extends Keyed, S = M>(
  source: Input<M, S>,
  ...rest: readonly [store: OperatorStore<KeyOf<M>, M>, options: DebounceOptions] | readonly [options: DebounceOptions]
): Through<M, S> {
  const [store, options] = rest.length === 2 ? rest : [createMemoryStore<KeyOf<M>, M>('debounce'), rest[0]]
  expectUsage(isStore(store), 'debounce', 'the second argument is a store or the options', store)
  expectOptions(options, ['waitMs', 'by', ...EVENT_TIME_OPTIONS], 'debounce')
  const { waitMs, by = 'event', maxAheadMs } = options
  expectMs(waitMs, 'waitMs', 'debounce', { min: 1 })
  expectUsage(by === 'event' || by === 'clock', 'debounce', "by is 'event' or 'clock'", by)
  return through<M, M, S>(source, {
    name: 'debounce',
    store,
    sequential: true,
    timing: checkEventTime(options, 'debounce'),
    connect(next, frame) {
      function fire(part: OperatorPart<KeyOf<M>, M>, key: KeyOf<M>): void {
        const waiting = part.area<KeyOf<M>, readonly number[]>(WAITING, numbersCodec)
        const message = part.entries.getSync(key)
        const [, time] = waiting.getSync(key) ?? []
        waiting.del(key)
        part.entries.del(key)
        if (message !== undefined) next.message(message, time)
      }
      return createTimedStep<M, KeyOf<M>, M>({
        name: 'debounce',
        store,
        next,
        frame,
        maxAheadMs,
        ...(by === 'event' && { timeOf: (message, timestamp) => timeOf(message, timestamp, 'debounce') }),
        check: (message) => keyOf(message, 'debounce'),
        handle(part, message, time, timestamp) {
          const key = keyOf(message, 'debounce')
          const waiting = part.area<KeyOf<M>, readonly number[]>(WAITING, numbersCodec)
          const now = by === 'event' ? time : frame.now()
          const [since] = waiting.getSync(key) ?? []
          if (since !== undefined) {
            if (since > now) return
            part.deleteTimer(by, since + waitMs, key)
          }
          const own = ownTime(message) ?? timestamp
          waiting.put(key, own === undefined ? [now] : [now, own])
          part.entries.put(key, message)
          part.setTimer(by, now + waitMs, key)
        },
        fire: (part, { key }) => fire(part, key as KeyOf<M>),
        fireClock: (part, { key }) => fire(part, key as KeyOf<M>),
      })
    },
  })
}
