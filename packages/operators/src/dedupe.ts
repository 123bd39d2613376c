import type { Through } from '@snapstream/core'
import type { OperatorKey } from '@snapstream/core/adapter'
import type { AnyStore } from './any-store.ts'
import type { Input } from './chain.ts'
import { expectFunction, expectMs, expectOptions, expectUsage, isStore } from './check.ts'
import { createMemoryStore } from './memory/memory-store.ts'
import { expectSync, timeOf } from './message.ts'
import { numbersCodec } from './numbers-codec.ts'
import { through } from './through.ts'
import { checkEventTime, createTimedStep, EVENT_TIME_OPTIONS } from './timed-step.ts'
import type { EventTimeOptions } from './timed-step.ts'

/** The area with the times of the messages that were passed on, by what tells them apart. */
const SEEN = 'seen'

/** Options of `dedupe`. */
export interface DedupeOptions<M> extends EventTimeOptions {
  /** Returns the id of a message: two messages with the same one are the same. It is synchronous. */
  readonly by: (message: M) => OperatorKey
  /** Messages are the same if their timestamps are less than this apart, in ms. A whole number above 0. */
  readonly withinMs: number
  /**
   * Gets each message that is `withinMs` or more behind event time: whether it came before is not known any more. It is also
   * counted in `health()`, and listeners get the event `late`.
   */
  readonly late?: ((message: M) => unknown) | undefined
}

/**
 * Passes on the first of the messages that are the same, by event time and for each partition.
 *
 * `store`: where it notes what it has passed on; by default in memory, where that ends with the process and its partitions.
 * A message without a timestamp fails: `onError` decides. Throws `USAGE`.
 *
 * @example
 * const orders = dedupe(received, Store('seen'), { by: ({ value }) => value.id, withinMs: 3_600_000 })
 */
export function dedupe<M, S = M>(source: Input<M, S>, store: AnyStore, options: DedupeOptions<M>): Through<M, S>
export function dedupe<M, S = M>(source: Input<M, S>, options: DedupeOptions<M>): Through<M, S>
export function dedupe<M, S = M>(
  source: Input<M, S>,
  ...rest: readonly [store: AnyStore, options: DedupeOptions<M>] | readonly [options: DedupeOptions<M>]
): Through<M, S> {
  const [store, options] = rest.length === 2 ? rest : [createMemoryStore<OperatorKey, unknown>('dedupe'), rest[0]]
  expectUsage(isStore(store), 'dedupe', 'the second argument is a store or the options', store)
  expectOptions(options, ['by', 'withinMs', 'late', ...EVENT_TIME_OPTIONS], 'dedupe')
  const { by, withinMs, late, maxAheadMs } = options
  expectFunction(by, 'by', 'dedupe')
  expectMs(withinMs, 'withinMs', 'dedupe', { min: 1 })
  if (late !== undefined) expectFunction(late, 'late', 'dedupe')
  return through<M, M, S>(source, {
    name: 'dedupe',
    store,
    sequential: true,
    timing: checkEventTime(options, 'dedupe'),
    connect: (next, frame) =>
      createTimedStep<M, OperatorKey, unknown>({
        name: 'dedupe',
        store,
        next,
        frame,
        maxAheadMs,
        timeOf: (message, timestamp) => timeOf(message, timestamp, 'dedupe'),
        handle(part, message, time, timestamp) {
          if (time + withinMs <= part.time) {
            frame.late(time, part.time)
            expectSync(late?.(message), 'late of dedupe')
            return
          }
          const id = by(message)
          const seen = part.area<OperatorKey, readonly number[]>(SEEN, numbersCodec)
          const times = seen.getSync(id) ?? []
          if (times.some((other) => Math.abs(other - time) < withinMs)) return
          seen.put(id, [...times, time])
          part.setTimer('event', time + withinMs, id)
          next.message(message, timestamp)
        },
        fire(part, { key, time }) {
          const seen = part.area<OperatorKey, readonly number[]>(SEEN, numbersCodec)
          const left = (seen.getSync(key) ?? []).filter((other) => other + withinMs > time)
          if (left.length > 0) seen.put(key, left)
          else seen.del(key)
        },
      }),
  })
}
