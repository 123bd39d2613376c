import type { SinkWriter } from './protocol.ts'

/** A plain function as a sink: it gets the value and nothing else, and is done when its promise is. */
export function createFunctionSink(f: (value: unknown) => unknown): SinkWriter<unknown> {
  return {
    write: (value) => f(value) as void,
    flush() {},
  }
}
