import type { SinkWriter } from '../protocol.ts'

/** The writer of a sink in a run. That of a plain function also carries the function. */
export interface Output extends SinkWriter<unknown> {
  readonly call?: (value: unknown) => unknown
}

/** A plain function as a sink. It gets only the value, and a promise that it returns is awaited. */
export function createFunctionSink(sink: unknown): Output {
  const call = sink as (value: unknown) => unknown
  return { write: (value) => call(value) as void, flush() {}, call }
}

/** The identity of the transaction of an atomic sink: sinks with the same one are flushed as one. */
export function transactionOf(writer: SinkWriter<never>): unknown {
  return writer.atomic === true ? writer : writer.atomic
}
