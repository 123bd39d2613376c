import type { SinkWriter } from '../protocol.ts'

/** A sink in a run: a writer, which for a plain function carries the function itself. */
export interface Output extends SinkWriter<unknown> {
  readonly call?: (value: unknown) => unknown
}

/** A plain function as a sink: it gets the value and nothing else, and is done when its promise is. */
export function createFunctionSink(sink: unknown): Output {
  const call = sink as (value: unknown) => unknown
  return { write: (value) => call(value) as void, flush() {}, call }
}

/** Whether two atomic sinks are flushed as one. */
export function sharesTransaction({ atomic }: SinkWriter<never>, other: SinkWriter<never>): boolean {
  return atomic === Object(atomic) && atomic === other.atomic
}
