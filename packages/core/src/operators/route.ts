import { isSinkTarget } from '../binding/binding.ts'
import { expectUsage } from '../error.ts'
import type { SinkTarget } from '../protocol.ts'
import { routeWriter } from './route-writer.ts'
import type { Sink, SinkInput } from '../types.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- bounds of inferred parameters
type Sinks = Readonly<Record<string, Sink<any>>>

/** One name, several, or undefined for nowhere. */
export type Route<N extends string = string> = N | readonly N[] | undefined

/**
 * One sink over several that have names: a function says for each value where it goes. All of them are opened, flushed
 * and closed with the run. `undefined`, or an empty array, is nowhere, as it is for a handler; nothing is counted: name a
 * sink for the rest if it is to be seen. Several get the value in the order they are named, each once.
 *
 * A name that does not exist is wrong with that one value: nothing of it is written and `onError` decides about the
 * `SINK_REFUSED`. So it is when the function throws, or a sink refuses; a retry then writes to all that are named again.
 *
 * A value has to be one that a sink named by the function takes; which one gets which is for the function to say. Throws
 * `USAGE`.
 *
 * @example
 * const out = route({ orders, refunds }, ({ amount }: Order) => (amount < 0 ? 'refunds' : 'orders'))
 * snap(incoming, { sink: [out] })(({ value }) => value)
 */
export function route<const S extends Sinks, const N extends keyof S & string, T extends SinkInput<S[N]>>(
  sinks: S,
  pick: (value: T) => Route<N>,
): SinkTarget<T> {
  expectUsage(sinks === Object(sinks), 'what route takes', 'an object of sinks by name', sinks)
  expectUsage(typeof pick === 'function', 'what route asks', 'a function', pick)
  const entries = Object.entries(sinks)
  expectUsage(entries.length > 0, 'what route takes', 'at least one sink', sinks)
  for (const [name, sink] of entries)
    expectUsage(
      typeof sink === 'function' || isSinkTarget(sink),
      `${name} of route`,
      'a topic, a cache or a function',
      sink,
    )
  return {
    '~snapstream.sink': (options) => routeWriter(entries, pick as (value: unknown) => unknown, options),
    '~snapstream.targets': entries.flatMap(([, sink]) =>
      isSinkTarget(sink) ? (sink['~snapstream.targets'] ?? sink) : [],
    ),
  }
}
