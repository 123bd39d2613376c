import type { Output } from './step.ts'

/** A plain function as a sink: it gets the value and nothing else, and is done when its promise is. */
export function createFunctionSink(call: (value: unknown) => unknown): Output {
  return {
    write: (value) => call(value) as void,
    flush() {},
    call,
  }
}
