import type { Through } from '@snapstream/core'
import type { OperatorKey, OperatorStore, TimerKind } from '@snapstream/core/adapter'
import type { Input } from '../chain.ts'
import { expectFunction, expectOptions, expectUsage, isStore } from '../check.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import { expectSync, timeFor } from '../message.ts'
import type { OperatorStep } from '../step.ts'
import { through } from '../through.ts'
import { checkEventTime, createTimedStep, EVENT_TIME_OPTIONS } from '../timed-step.ts'
import type { EventTimeOptions } from '../timed-step.ts'
import { createProcessState } from './process-state.ts'
import type { ProcessState, ProcessTimer } from './process-state.ts'

/** The results in what a function of `process` returns: a value, or an iterator of values (a generator). */
export type ResultOf<O> = O extends Iterator<infer R> ? Exclude<R, undefined | void> : Exclude<O, undefined | void>

/** The functions of `process`. They are synchronous, and may be called again for the same message. */
export interface ProcessFunctions<M, K extends OperatorKey, V, O1, O2> extends EventTimeOptions {
  /** Handles a message. Returns a result, undefined for none, or an iterator of results, such as a generator. */
  readonly onMessage: (message: M, state: ProcessState<K, V>) => O1
  /**
   * Handles a timer that is due. Timers by event time fire in the order of their times, then keys, before the message that moves
   * event time is handled. It returns what `onMessage` may return.
   */
  readonly onTimer?: ((timer: ProcessTimer<K>, state: ProcessState<K, V>) => O2) | undefined
}

/**
 * Handles messages with state and timers of their partition. The results are the values that the functions return.
 *
 * Event time is the largest timestamp of the messages of a partition, and is kept with the store. A result of `onMessage` has the
 * timestamp of the message, one of `onTimer` the time of the timer.
 *
 * `store`: by default in memory, where state and timers end with the process and its partitions. Throws `USAGE`.
 *
 * @example
 * const silent = process(clicks, Store<string, number>('seen'), {
 *   onMessage({ value: { user }, timestamp }, state) {
 *     state.put(user, timestamp)
 *     state.setTimer('event', timestamp + 300_000, user)
 *   },
 *   onTimer({ key: user, time }, state) {
 *     const since = state.getSync(user)
 *     return since === time - 300_000 ? { user, since } : undefined
 *   },
 * })
 */
export function process<M, K extends OperatorKey, V, O1, O2 = never, S = M>(
  source: Input<M, S>,
  store: OperatorStore<K, V>,
  functions: ProcessFunctions<M, K, V, O1, O2>,
): Through<ResultOf<O1> | ResultOf<O2>, S>
export function process<M, K extends OperatorKey, V, O1, O2 = never, S = M>(
  source: Input<M, S>,
  functions: ProcessFunctions<M, K, V, O1, O2>,
): Through<ResultOf<O1> | ResultOf<O2>, S>
export function process<M, K extends OperatorKey, V, O1, O2 = never, S = M>(
  source: Input<M, S>,
  ...rest:
    | readonly [store: OperatorStore<K, V>, functions: ProcessFunctions<M, K, V, O1, O2>]
    | readonly [functions: ProcessFunctions<M, K, V, O1, O2>]
): Through<ResultOf<O1> | ResultOf<O2>, S> {
  const [store, functions] = rest.length === 2 ? rest : [createMemoryStore<K, V>('process'), rest[0]]
  expectUsage(isStore(store), 'process', 'the second argument is a store or the functions', store)
  expectOptions(functions, ['onMessage', 'onTimer', ...EVENT_TIME_OPTIONS], 'process')
  const { onMessage, onTimer, maxAheadMs } = functions
  expectFunction(onMessage, 'onMessage', 'process')
  if (onTimer !== undefined) expectFunction(onTimer, 'onTimer', 'process')
  return through<M, ResultOf<O1> | ResultOf<O2>, S>(source, {
    name: 'process',
    store,
    sequential: true,
    timing: checkEventTime(functions, 'process'),
    connect: (next, frame) => {
      const { state, use } = createProcessState<K, V>()
      const step = createTimedStep<M, K, V>({
        name: 'process',
        store,
        next,
        frame,
        maxAheadMs,
        handle: (part, message, _time, timestamp) =>
          use(part, undefined, () =>
            give(onMessage(message, state), next, timeFor(next, message, timestamp), 'onMessage'),
          ),
        fire: (part, timer) => fire(part, 'event', timer, timer.time),
        fireClock: (part, timer, now) => fire(part, 'clock', timer, now),
      })
      function fire(
        part: Parameters<typeof use>[0],
        kind: TimerKind,
        timer: { readonly time: number; readonly key: OperatorKey },
        timestamp: number,
      ): void {
        const due: ProcessTimer<K> = { kind, time: timer.time, key: timer.key as K }
        use(part, { kind, timer }, () => give(onTimer?.(due, state), next, timestamp, 'onTimer'))
      }
      return step
    },
  })
}

/** Passes on what a function returned. */
function give(answer: unknown, next: OperatorStep<never>, timestamp: number | undefined, name: string): void {
  if (answer === undefined) return
  expectSync(answer, `${name} of process`)
  const { message } = next as OperatorStep<unknown>
  if (typeof (answer as Partial<Iterator<unknown>> | null)?.next !== 'function' || typeof answer !== 'object')
    return message(answer, timestamp)
  const iterator = answer as Iterator<unknown>
  for (let item = iterator.next(); ; item = iterator.next()) {
    expectSync(item, `the generator of ${name} of process`)
    if (item.done) return
    if (item.value !== undefined) message(item.value, timestamp)
  }
}
