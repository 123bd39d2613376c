import { describe, SnapstreamError } from '@snapstream/core'
import type { Through } from '@snapstream/core'
import { chainOf } from '../chain.ts'
import type { Input } from '../chain.ts'
import { expectMs, expectOptions, expectUsage } from '../check.ts'
import type { OperatorStep } from '../step.ts'
import { throughOf } from '../through.ts'
import { createGateTarget } from './gate-target.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- a bound of inferred inputs
type AnyInput = Input<any, any>
type ResultOf<I> = I extends Through<infer T, unknown> ? T : I extends Input<infer T, unknown> ? T : never
type SourceMessageOf<I> = I extends Through<unknown, infer S> ? S : ResultOf<I>

/** A message of one of several inputs, with the name of its input. */
export type Merged<I extends Readonly<Record<string, AnyInput>>> = {
  [N in keyof I]: ResultOf<I[N]> & {
    /** The name of its input. */
    readonly from: N
  }
}[keyof I]

/** The options of `merge`. */
export interface MergeOptions {
  /**
   * How long a message waits for inputs that have caught up and may still get an earlier message, in ms. A whole number of at least
   * 0.
   *
   * @default 0
   */
  readonly maxIdleMs?: number | undefined
}

/**
 * Several sources or operators as one. Each message has the name of its input in `from`. The lanes of a partition are merged in the
 * order of their timestamps: a message waits while an input has more to read that may be earlier, and up to `maxIdleMs` for an input
 * that has caught up. Topics need the same number of partitions, and are assigned together: `stream` rejects with `USAGE`
 * otherwise.
 *
 * Messages are objects, and are copied for `from`: a store knows its part by the message of the source, so keep state in `process`.
 * Throws `USAGE`.
 *
 * @example
 * const both = merge({ orders, returns })
 * snap(both, { sink: [amounts] })((message) => [message.key, message.from === 'orders' ? message.value.total : -message.value.refund])
 */
export function merge<const I extends Readonly<Record<string, AnyInput>>>(
  inputs: I,
  options: MergeOptions = {},
): Through<Merged<I>, SourceMessageOf<I[keyof I]>> {
  expectUsage(
    typeof inputs === 'object' && inputs !== null,
    'merge',
    'the inputs are an object, { orders, returns }',
    inputs,
  )
  expectOptions(options, ['maxIdleMs'], 'merge')
  const { maxIdleMs = 0 } = options
  expectMs(maxIdleMs, 'maxIdleMs', 'merge')
  const names = Object.keys(inputs)
  expectUsage(names.length > 0, 'merge', 'the inputs are at least one', inputs)
  const chains = names.map((name) => chainOf<unknown, unknown>(inputs[name] as AnyInput, 'merge'))
  const sources = chains.flatMap((chain) => chain.sources)
  const gate = createGateTarget({ operator: 'merge', sources, maxIdleMs, together: false })
  return throughOf<Merged<I>, SourceMessageOf<I[keyof I]>>(chains, {
    name: 'merge',
    gate,
    sequential: true,
    timing: { idleMs: Infinity },
    connect: (next) =>
      names.map((from, i): OperatorStep<object> => ({
        message(message, timestamp) {
          if (typeof message !== 'object' || message === null) throw refused(from, message)
          next.message({ ...message, from } as unknown as Merged<I>, timestamp)
        },
        passed: next.passed,
        // Of a tick all inputs are told, the next operator once.
        tick: i === 0 ? next.tick : undefined,
      })),
  })
}

function refused(from: string, message: unknown): SnapstreamError {
  return new SnapstreamError(
    'HANDLER_FAILED',
    `merge takes messages that are objects, and one of ${from} is ${describe(message)}; put map(...) before merge, which makes objects`,
  )
}
