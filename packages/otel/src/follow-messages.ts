import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, diag, propagation, trace } from '@opentelemetry/api'
import type { Span, SpanContext, TextMapGetter, Tracer } from '@opentelemetry/api'
import type { Headers } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { Probe, ProbedMessage, Trace } from '@snapstream/core/adapter'
import { ATTRIBUTE, OPERATION } from './names.ts'
import type { Attributes, BindingAttributes } from './read-health.ts'
import { BAGGAGE, carriedBy, headersOf, isSampled, parseTraceparent, traceparentOf } from './trace-headers.ts'
import { errorType } from './watch-requests.ts'

export interface FollowOptions {
  readonly bindings: BindingAttributes
  readonly tracer: Tracer
  readonly attributes: Attributes
  /** The part of the messages without a trace that begin one, from 0 to 1. */
  readonly startTraces: number
}

const NONE: Headers = []

/**
 * Makes a span for each message that belongs to a sampled trace, and hands traces on to the records that are made of messages.
 * Other messages cost one look at their headers.
 */
export function followMessages(options: FollowOptions): Required<Pick<Probe, 'trace'>>['trace'] {
  const { bindings, tracer, startTraces } = options
  function begin(message: ProbedMessage, binding: string, headers: Headers, remote: SpanContext | undefined): Trace {
    const own = { ...bindings.of(binding), ...OPERATION.process, ...placeOf(message) }
    const attributes: Attributes = { ...options.attributes, ...own }
    const destination = String(attributes[ATTRIBUTE.destination] ?? binding)
    const hasBaggage = headers.some(([name]) => name === BAGGAGE)
    const outer = hasBaggage ? propagation.extract(ROOT_CONTEXT, headers, GETTER) : ROOT_CONTEXT
    const parent = remote ? trace.setSpanContext(outer, remote) : outer
    // The conventions require the link, and allow the parent where a span handles one message.
    const links = remote ? [{ context: remote }] : []
    const span = tracer.startSpan(`process ${destination}`, { kind: SpanKind.CONSUMER, attributes, links }, parent)
    return spanTrace(span, trace.setSpan(parent, span), headersOf(span.spanContext(), headers))
  }

  return (message, binding) => {
    try {
      const headers = message.headers ?? NONE
      const traceparent = headers.length === 0 ? undefined : traceparentOf(headers)
      if (traceparent === undefined)
        return startTraces > 0 && Math.random() < startTraces ? begin(message, binding, headers, undefined) : undefined
      if (!isSampled(traceparent)) return { headers: carriedBy(headers) }
      const remote = parseTraceparent(traceparent, headers)
      return remote && begin(message, binding, headers, remote)
    } catch (error) {
      // A trace must not stop a stream.
      diag.error('snapstream: a message could not be followed', error)
      return undefined
    }
  }
}

function spanTrace(span: Span, active: ReturnType<typeof trace.setSpan>, headers: Headers): Trace {
  let last: Error | undefined

  /** `undone`: the message was skipped or dead-lettered, or stopped the stream. */
  function end(undone: boolean): void {
    if (undone && last) {
      span.setAttribute(ATTRIBUTE.error, errorType(last))
      span.setStatus({ code: SpanStatusCode.ERROR, message: last.message })
    }
    span.end()
  }

  return {
    headers,
    run(handle) {
      const outcome = context.with(active, handle)
      if (isThenable(outcome))
        outcome.then(
          (undone) => end(undone === true),
          () => end(true),
        )
      else end(false)
      return outcome
    },
    failed(error, attempt) {
      last = error
      span.recordException(error)
      if (attempt > 1) span.setAttribute(ATTRIBUTE.attempts, attempt)
    },
  }
}

interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** The topic, partition, offset and key of a message, if it has them. */
function placeOf({ message, raw }: ProbedMessage): Attributes {
  const { topic, partition, offset } = (raw ?? {}) as Partial<Place>
  if (topic === undefined || offset === undefined) return {}
  const { key } = message as { readonly key?: unknown }
  return {
    [ATTRIBUTE.destination]: topic,
    [ATTRIBUTE.partition]: String(partition),
    [ATTRIBUTE.offset]: offset,
    ...(typeof key === 'string' && { [ATTRIBUTE.key]: key }),
  }
}

const GETTER: TextMapGetter<Headers> = {
  keys: (headers) => headers.map(([name]) => name),
  get(headers, name) {
    const value = headers.findLast(([own]) => own === name)?.[1]
    return value ? Buffer.from(value).toString('latin1') : undefined
  },
}
