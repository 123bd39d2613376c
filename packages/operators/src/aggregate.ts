import type { Through } from '@snapstream/core'
import type { OperatorStore } from '@snapstream/core/adapter'
import type { Input } from './chain.ts'
import { expectFunction, expectUsage, isStore } from './check.ts'
import { createMemoryStore } from './memory/memory-store.ts'
import { expectSum, isTombstone, keyOf, timeFor } from './message.ts'
import type { Keyed, KeyOf } from './message.ts'
import { through } from './through.ts'

/** A result of `aggregate`, one for each message. */
export interface Aggregated<K, V, M> {
  /** The key of the message. */
  readonly key: K
  /** The value of the key with this message. */
  readonly value: V
  /** The message. */
  readonly message: M
}

/**
 * Keeps a value for each key, and folds each message into that of its key. Gives `{ key, value, message }` for each message.
 * Tombstones (a message whose `value` is null or undefined) change nothing and give nothing.
 *
 * `store`: where the values are, by key; by default in memory, where they end with the process and its partitions. `fold` gets
 * the value so far, undefined at first, and returns the new one. It is synchronous and may be called again for the same message.
 *
 * A message without a key fails: `onError` decides. Throws `USAGE`.
 *
 * @example
 * const totals = aggregate(orders, Store<string, number>('totals'), (sum = 0, { value }) => sum + value.amount)
 */
export function aggregate<M extends Keyed, V, S = M>(
  source: Input<M, S>,
  store: OperatorStore<KeyOf<M>, V>,
  fold: (value: V | undefined, message: M) => NoInfer<V>,
): Through<Aggregated<KeyOf<M>, V, M>, S>
export function aggregate<M extends Keyed, V, S = M>(
  source: Input<M, S>,
  fold: (value: V | undefined, message: M) => V,
): Through<Aggregated<KeyOf<M>, V, M>, S>
export function aggregate<M extends Keyed, V, S = M>(
  source: Input<M, S>,
  ...rest:
    | readonly [store: OperatorStore<KeyOf<M>, V>, fold: (value: V | undefined, message: M) => V]
    | readonly [fold: (value: V | undefined, message: M) => V]
): Through<Aggregated<KeyOf<M>, V, M>, S> {
  const [store, fold] = rest.length === 2 ? rest : [createMemoryStore<KeyOf<M>, V>('aggregate'), rest[0]]
  expectUsage(isStore(store), 'aggregate', 'the second argument is a store or the fold', store)
  expectFunction(fold, 'the fold', 'aggregate')
  const access = store['~snapstream.operator']
  return through<M, Aggregated<KeyOf<M>, V, M>, S>(source, {
    name: 'aggregate',
    store,
    connect: (next, frame) => ({
      message(message, timestamp) {
        const key = keyOf(message, 'aggregate')
        if (isTombstone(message)) {
          const time = next.passed && timeFor(next, message, timestamp)
          if (time !== undefined) next.passed?.(time)
          return
        }
        const { entries } = access.of(frame.root)
        const value = expectSum(fold(entries.getSync(key), message), 'the fold of aggregate')
        entries.put(key, value)
        next.message({ key, value, message }, timeFor(next, message, timestamp))
      },
      passed: next.passed,
      tick: next.tick,
    }),
  })
}
