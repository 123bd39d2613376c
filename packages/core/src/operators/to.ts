import { describe } from '../describe.ts'
import { SnapstreamError } from '../error.ts'
import type { Sink, SinkInput, To } from '../types.ts'

/**
 * Sends a value to one sink of the binding, where other values go to all of them. A handler returns or yields the result.
 * `sink` has to be one of the binding's sinks: for another one the value fails with `SINK_REFUSED`, and `onError` decides.
 *
 * @example
 * snap(orders, { sink: [bills, alerts] })(function* ({ value }) {
 *   yield to(bills, { id: value.id, total: value.total })
 *   if (value.total > 1000) yield to(alerts, `order ${value.id} is large`)
 * })
 */
// oxlint-disable-next-line typescript/no-explicit-any -- bounds of inferred parameters
export function to<S extends Sink<any>>(sink: S, value: SinkInput<S>): To<S> {
  const find = (sinks: readonly unknown[], binding: string) => {
    const index = sinks.indexOf(sink)
    if (index >= 0) return index
    throw new SnapstreamError(
      'SINK_REFUSED',
      `${binding} passed ${describe(sink)} to to(), expected one of its sinks (${sinks.map(describe).join(', ')}); add it to sink`,
    )
  }
  return Object.assign(find, { '~snapstream.to': value })
}
