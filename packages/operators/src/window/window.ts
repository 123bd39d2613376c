import type { Through } from '@snapstream/core'
import type { OperatorStore } from '@snapstream/core/adapter'
import type { Input } from '../chain.ts'
import { expectFunction, expectUsage, isStore } from '../check.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import { expectSum, expectSync, isTombstone, keyOf, timeOf } from '../message.ts'
import type { Keyed, KeyOf } from '../message.ts'
import type { OperatorStep } from '../step.ts'
import { through } from '../through.ts'
import { checkEventTime, createTimedStep } from '../timed-step.ts'
import { createAlignedWindows } from './aligned-windows.ts'
import { createCountWindows } from './count-windows.ts'
import { createSessionWindows } from './session-windows.ts'
import { createSlidingWindows } from './sliding-windows.ts'
import type { TimeWindows, TimeWindowsOptions } from './time-windows.ts'
import { checkWindowOptions } from './window-options.ts'
import type { Windowed, WindowOptions } from './window-options.ts'

/**
 * Folds the messages of each key by windows of event time: tumbling (`sizeMs`), hopping (`sizeMs`, `everyMs`), sliding
 * (`slideMs`), sessions (`gapMs`), or by number (`count`). Gives `{ key, start, end, value }`, by default once for each window,
 * when it is over: when a later message of its partition is `graceMs` behind its end, or the partition is idle. Windows come in the
 * order of their ends, then keys, before the message that ended them, with `end - 1` as their timestamp.
 *
 * Event time is the timestamp of messages. It belongs to a partition: it is the largest so far, and is kept with the store.
 * Tombstones (a message whose `value` is null or undefined) move it and are in no window.
 *
 * `store`: where open windows are, by `windowKey`; by default in memory, where they end with the process and its partitions.
 * `fold` gets the value so far, undefined at first, and returns the new one. It is synchronous and may be called again for the
 * same message.
 *
 * A message without a key or a timestamp fails, and one that is more than `maxAheadMs` ahead of the wall clock: `onError` decides.
 * Throws `USAGE`.
 *
 * @example
 * const minutes = window(clicks, Store<string, number>('minutes'), { sizeMs: 60_000, graceMs: 5000 }, (count = 0) => count + 1)
 * snap(minutes, { sink: [perMinute] })(({ key, start, value }) => [key, { start, count: value }])
 */
export function window<M extends Keyed, V, S = M>(
  source: Input<M, S>,
  store: OperatorStore<string, V>,
  options: WindowOptions<M, NoInfer<V>>,
  fold: (value: V | undefined, message: M) => NoInfer<V>,
): Through<Windowed<KeyOf<M>, V>, S>
export function window<M extends Keyed, V, S = M>(
  source: Input<M, S>,
  options: WindowOptions<M, V>,
  fold: (value: V | undefined, message: M) => V,
): Through<Windowed<KeyOf<M>, V>, S>
export function window<M extends Keyed, V, S = M>(
  source: Input<M, S>,
  ...rest:
    | readonly [store: OperatorStore<string, V>, options: WindowOptions<M, V>, fold: Fold<M, V>]
    | readonly [options: WindowOptions<M, V>, fold: Fold<M, V>]
): Through<Windowed<KeyOf<M>, V>, S> {
  const [store, options, fold] = rest.length === 3 ? rest : [createMemoryStore<string, V>('window'), ...rest]
  expectUsage(isStore(store), 'window', 'the second argument is a store or the options', store)
  checkWindowOptions(options)
  expectFunction(fold, 'the fold', 'window')
  const checked: Fold<M, V> = (value, message) => expectSum(fold(value, message), 'the fold of window')
  const isFinal = options.emit !== 'updates'

  /** Where results go. */
  const results = (next: OperatorStep<Windowed<KeyOf<M>, V>>) => ({
    fold: checked,
    updated: (result: Windowed<KeyOf<M>, V>, time: number) => {
      if (!isFinal) next.message(result, time)
    },
    over: (result: Windowed<KeyOf<M>, V>) => {
      if (isFinal) next.message(result, result.end - 1)
    },
  })
  if ('count' in options) return windowByCount(source, store, (next) => createCountWindows(options, results(next)))
  const { graceMs } = options
  return through<M, Windowed<KeyOf<M>, V>, S>(source, {
    name: 'window',
    store,
    sequential: true,
    timing: checkEventTime(options, 'window'),
    connect: (next, frame) => {
      const windows = createTimeWindows<KeyOf<M>, V, M>(options, { ...results(next), graceMs })
      const { maxAheadMs, late } = options
      return createTimedStep<M, string, V>({
        name: 'window',
        store,
        next,
        frame,
        maxAheadMs,
        timeOf: (message, timestamp) => timeOf(message, timestamp, 'window'),
        check: (message) => keyOf(message, 'window'),
        handle(part, message, time) {
          if (isTombstone(message) || !windows.add(part, keyOf(message, 'window'), message, time)) return
          frame.late(time, part.time)
          expectSync(late?.(message), 'late of window')
        },
        fire: (part, { key, time }) => windows.fire(part, key as KeyOf<M>, time),
      })
    },
  })
}

type Fold<M, V> = (value: V | undefined, message: M) => V

function windowByCount<M extends Keyed, V, S>(
  source: Input<M, S>,
  store: OperatorStore<string, V>,
  createAdd: (next: OperatorStep<Windowed<KeyOf<M>, V>>) => ReturnType<typeof createCountWindows<KeyOf<M>, V, M>>,
): Through<Windowed<KeyOf<M>, V>, S> {
  const access = store['~snapstream.operator']
  return through<M, Windowed<KeyOf<M>, V>, S>(source, {
    name: 'window',
    store,
    connect: (next, frame) => {
      const add = createAdd(next)
      return {
        message(message, timestamp) {
          const key = keyOf(message, 'window')
          const time = timeOf(message, timestamp, 'window')
          if (!isTombstone(message)) add(access.of(frame.root), key, message, time)
        },
        passed: next.passed && (() => {}),
        tick: next.tick,
      }
    },
  })
}

function createTimeWindows<K extends KeyOf<Keyed>, V, M>(
  options: Exclude<WindowOptions<M, V>, { readonly count: number }>,
  given: TimeWindowsOptions<K, V, M>,
): TimeWindows<K, V, M> {
  if ('sizeMs' in options) return createAlignedWindows(options, given)
  if ('gapMs' in options) return createSessionWindows(options, given)
  return createSlidingWindows(options, given)
}
