import type { Through } from '@snapstream/core'
import type { Input } from './chain.ts'
import { expectFunction } from './check.ts'
import { expectSync, timeFor } from './message.ts'
import { through } from './through.ts'

/**
 * Passes on the messages for which the function returns true, or another value that counts as true. The others still move event
 * time for the operators behind it.
 *
 * `f` is synchronous and may be called again for the same message. Throws `USAGE`.
 *
 * @example
 * const large = filter(orders, ({ value }) => value.amount > 1000)
 */
export function filter<M, N extends M, S = M>(source: Input<M, S>, f: (message: M) => message is N): Through<N, S>
export function filter<M, S = M>(source: Input<M, S>, f: (message: M) => unknown): Through<M, S>
export function filter<M, S = M>(source: Input<M, S>, f: (message: M) => unknown): Through<M, S> {
  expectFunction(f, 'the second argument', 'filter')
  return through<M, M, S>(source, {
    name: 'filter',
    connect: (next) => ({
      message(message, timestamp) {
        const answer = f(message)
        if (answer === true) return next.message(message, timestamp)
        expectSync(answer, 'the function of filter')
        if (answer) return next.message(message, timestamp)
        if (!next.passed) return
        const time = timeFor(next, message, timestamp)
        if (time !== undefined) next.passed(time)
      },
      passed: next.passed,
      tick: next.tick,
    }),
  })
}
