import { context, createTraceState, isSpanContextValid, propagation, trace } from '@opentelemetry/api'
import type { SpanContext } from '@opentelemetry/api'
import type { Headers } from '@snapstream/core'

/** The headers of W3C Trace Context and Baggage, in lower case as for Kafka. */
const TRACEPARENT = 'traceparent'
const TRACESTATE = 'tracestate'
export const BAGGAGE = 'baggage'
const NAMES = new Set([TRACEPARENT, TRACESTATE, BAGGAGE])

/** The length of a `traceparent` of version 00: `00-<32 digits>-<16 digits>-<2 digits>`. */
const LENGTH = 55
const PATTERN = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/

/** The `traceparent` of a message; of several the last one. Undefined if it has none, or one that is too short to be valid. */
export function traceparentOf(headers: Headers): Uint8Array | undefined {
  for (let i = headers.length - 1; i >= 0; i--) {
    const [name, value] = headers[i] as Headers[number]
    if (name === TRACEPARENT) return value !== null && value.length >= LENGTH ? value : undefined
  }
  return undefined
}

/** Whether the last digit of a `traceparent`, its flags, says that the trace is sampled. */
export function isSampled(traceparent: Uint8Array): boolean {
  const digit = traceparent[LENGTH - 1] as number
  // The odd ones of 0 to 9 have odd codes, and those of a to f even ones.
  return (digit & 1) === (digit < 0x3a ? 1 : 0)
}

/** The headers of a message that records take over from it. */
export function carriedBy(headers: Headers): Headers {
  return headers.length === 1 ? headers : headers.filter(([name]) => NAMES.has(name))
}

/** The span context of a `traceparent`; undefined if it is not valid. */
export function parseTraceparent(traceparent: Uint8Array, headers: Headers): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = '0'] = PATTERN.exec(textOf(traceparent)) ?? []
  const state = headers.findLast(([name]) => name === TRACESTATE)?.[1]
  const parsed: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(state && { traceState: createTraceState(textOf(state)) }),
  }
  return isSpanContextValid(parsed) ? parsed : undefined
}

/** The headers of a span, with the baggage of the message that it handles. */
export function headersOf(span: SpanContext, incoming: Headers): Headers {
  const baggage = incoming.filter(([name]) => name === BAGGAGE)
  return [...Object.entries(textsOf(span)).map(([name, text]) => [name, Buffer.from(text)] as const), ...baggage]
}

/**
 * The trace of the code that calls it, as headers for a record that is written by a call: `topic(value, { headers: traceHeaders()
 * })`. Records that a handler returns have them anyway. Empty if no span is active.
 *
 * @example
 * await invoices({ total: 3 }, { key: 'a', headers: traceHeaders() })
 */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {}
  propagation.inject(context.active(), headers)
  const span = trace.getSpanContext(context.active())
  return span && isSpanContextValid(span) ? { ...textsOf(span), ...headers } : headers
}

function textsOf({ traceId, spanId, traceFlags, traceState }: SpanContext): Record<string, string> {
  const state = traceState?.serialize()
  return {
    [TRACEPARENT]: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    ...(state && { [TRACESTATE]: state }),
  }
}

/** Header values are ASCII by W3C. */
const textOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
