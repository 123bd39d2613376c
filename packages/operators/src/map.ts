import type { Through } from '@snapstream/core'
import type { Input } from './chain.ts'
import { expectFunction } from './check.ts'
import { expectSync, timeFor } from './message.ts'
import { through } from './through.ts'

/**
 * Makes something else of each message, or nothing: undefined. The timestamp stays that of the message, also for operators behind
 * it, unless the function returns an object with a `timestamp` of its own.
 *
 * `f` is synchronous and may be called again for the same message. Throws `USAGE`.
 *
 * @example
 * const amounts = map(orders, ({ key, value }) => ({ key, value: value.amount }))
 */
export function map<M, R, S = M>(source: Input<M, S>, f: (message: M) => R): Through<Exclude<R, undefined | void>, S> {
  expectFunction(f, 'the second argument', 'map')
  return through<M, Exclude<R, undefined | void>, S>(source, {
    name: 'map',
    connect: (next) => ({
      message(message, timestamp) {
        const result = f(message)
        if (result === undefined) {
          if (next.passed) {
            const time = timeFor(next, message, timestamp)
            if (time !== undefined) next.passed(time)
          }
          return
        }
        if (typeof result === 'object') expectSync(result, 'the function of map')
        next.message(result as Exclude<R, undefined | void>, timeFor(next, message, timestamp))
      },
      passed: next.passed,
      tick: next.tick,
    }),
  })
}
