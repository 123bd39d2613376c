import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { createApp } from '@snapstream/core'
import type { OnError } from '@snapstream/core'
import { Topic, header } from '@snapstream/kafka'
import type { TopicRecord } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'
import { afterEach, expect, test } from 'vitest'
import { instrument } from './instrument.ts'
import type { InstrumentOptions } from './instrument.ts'
import { isSampled, traceHeaders } from './trace-headers.ts'

const exporter = new InMemorySpanExporter()
// It registers the context manager and the propagators of W3C, as the SDK does.
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.register()
afterEach(() => exporter.reset())

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const SAMPLED = `00-${TRACE}-${PARENT}-01`
const UNSAMPLED = `00-${TRACE}-${PARENT}-00`

type Headers = Readonly<Record<string, string>>
type Handler = (record: TopicRecord<string>, copy: Topic<string>) => unknown

interface Options extends InstrumentOptions {
  readonly onError?: OnError<TopicRecord<string>>
  readonly concurrency?: number
}

/** Writes records with these headers, handles them, and returns the headers of the records that come out, and the spans. */
async function pass(
  records: readonly Headers[],
  handler: Handler,
  { onError = 'stop', concurrency = 1, ...options }: Options = {},
) {
  const conf = { driver: memory() }
  const create = { partitions: 1 }
  await using orders = Topic('orders', { conf, create })
  await orders.open()
  for (const [i, headers] of records.entries()) await orders(`order ${i}`, { key: `k${i}`, headers })
  const app = createApp()
  const copies = Topic('copies', { conf, create })
  const end = instrument(app, { metrics: false, ...options })
  const read = Topic('orders', { conf, groupId: 'copy', until: 'end' })
  app.snap(read, { name: 'copy', sink: [copies], onError, concurrency })((record) => handler(record, copies) as string)
  const failed = await app.stream().then(
    () => undefined,
    (error: unknown) => error,
  )
  end()
  const out: TopicRecord<string>[] = []
  const reader = createApp()
  reader.snap(Topic('copies', { conf, groupId: 'read', until: 'end' }))((record) => void out.push(record))
  await reader.stream()
  return { spans: exporter.getFinishedSpans(), out, failed }
}

const parentOf = (span: ReadableSpan | undefined) => span?.parentSpanContext?.spanId

test('a message of a sampled trace gets a span, and hands its trace on', async () => {
  const { spans, out } = await pass([{ traceparent: SAMPLED, tracestate: 'a=1' }], ({ value }) => value)
  expect(spans).toHaveLength(1)
  const [span] = spans
  expect(span).toMatchObject({
    name: 'process orders',
    kind: SpanKind.CONSUMER,
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '0',
      'messaging.kafka.offset': 0,
      'messaging.kafka.message.key': 'k0',
      'messaging.consumer.group.name': 'copy',
      'snapstream.binding': 'copy',
    },
  })
  const { traceId, spanId } = span?.spanContext() ?? {}
  expect(traceId).toBe(TRACE)
  expect(parentOf(span)).toBe(PARENT)
  expect(span?.links.map((link) => link.context)).toMatchObject([{ traceId: TRACE, spanId: PARENT, isRemote: true }])
  expect(header(out[0] as TopicRecord<string>, 'traceparent')).toBe(`00-${TRACE}-${spanId}-01`)
  expect(header(out[0] as TopicRecord<string>, 'tracestate')).toBe('a=1')
})

test('a message of a trace that is not sampled gets no span, and hands its headers on as they are', async () => {
  const given = { traceparent: UNSAMPLED, other: 'x', tracestate: 'a=1', baggage: 'user=ann' }
  const { spans, out } = await pass([given, { traceparent: UNSAMPLED }], ({ value }) => value)
  expect(spans).toEqual([])
  expect(
    out.map(({ headers }) => headers.map(([name, value]) => `${name}=${Buffer.from(value ?? []).toString()}`)),
  ).toEqual([[`traceparent=${UNSAMPLED}`, 'tracestate=a=1', 'baggage=user=ann'], [`traceparent=${UNSAMPLED}`]])
})

test.each([
  {},
  { traceparent: '' },
  { traceparent: '00-short-01' },
  { traceparent: `ff-${TRACE}-${PARENT}-01` },
  { traceparent: `00-${'0'.repeat(32)}-${PARENT}-01` },
  { traceparent: `00-${TRACE}-${'0'.repeat(16)}-01` },
  { traceparent: SAMPLED.toUpperCase() },
  { traceparent: `${SAMPLED}x` },
])('a message without a valid trace is handled as always: %o', async (headers) => {
  const { spans, out } = await pass([headers], ({ value }) => value)
  expect(spans).toEqual([])
  expect(out.map((record) => record.headers)).toEqual([[]])
})

test('some of the messages without a trace begin one, if that is asked for', async () => {
  const { spans, out } = await pass([{}, { traceparent: UNSAMPLED }], ({ value }) => value, { startTraces: 1 })
  expect(spans).toHaveLength(1)
  expect(spans[0]?.parentSpanContext).toBeUndefined()
  expect(spans[0]?.links).toEqual([])
  const { traceId, spanId } = spans[0]?.spanContext() ?? {}
  expect(out.map((record) => header(record, 'traceparent'))).toEqual([`00-${traceId}-${spanId}-01`, UNSAMPLED])
})

test('the handler runs in the span, with the baggage of the message', async () => {
  const headers = { traceparent: SAMPLED, baggage: 'user=ann' }
  const { spans, out } = await pass([headers], async ({ value }, copies) => {
    await Promise.resolve()
    const user = propagation.getActiveBaggage()?.getEntry('user')?.value
    trace.getTracer('test').startSpan(`look up ${user}`).end()
    await copies('called', { headers: traceHeaders() })
    return value
  })
  const [inner, outer] = spans
  expect([inner?.name, outer?.name]).toEqual(['look up ann', 'process orders'])
  expect(parentOf(inner)).toBe(outer?.spanContext().spanId)
  const traceparent = `00-${TRACE}-${outer?.spanContext().spanId}-01`
  expect(out.map((record) => header(record, 'traceparent'))).toEqual([traceparent, traceparent])
  expect(out.map((record) => header(record, 'baggage'))).toEqual(['user=ann', 'user=ann'])
  expect(context.with(ROOT_CONTEXT, traceHeaders)).toEqual({})
})

test('a header that the handler makes stays, and one that it took over is replaced', async () => {
  const made = { traceparent: `00-${TRACE}-1111111111111111-01` }
  const { spans, out } = await pass([{ traceparent: SAMPLED, kind: 'x' }, { traceparent: SAMPLED }], (record) => [
    record.key,
    record.value,
    { headers: record.offset === 0 ? record.headers : made },
  ])
  const own = spans[0]?.spanContext().spanId
  expect(
    out.map(({ headers }) => headers.map(([name, value]) => `${name}=${Buffer.from(value ?? []).toString()}`)),
  ).toEqual([['kind=x', `traceparent=00-${TRACE}-${own}-01`], [`traceparent=${made.traceparent}`]])
})

test('the span of a generator lasts until its last output', async () => {
  let ended = 0
  const { out } = await pass([{ traceparent: SAMPLED }], async function* outputs({ value }) {
    yield value
    await Promise.resolve()
    ended = exporter.getFinishedSpans().length
    yield value
  })
  expect(ended).toBe(0)
  expect(out).toHaveLength(2)
})

test('a message that is retried has one span, with the error of each failed attempt', async () => {
  let tries = 0
  const once = () => {
    if (++tries === 1) throw new TypeError('not yet')
  }
  const { spans } = await pass([{ traceparent: SAMPLED }], once, { onError: { retries: 1, backoffMs: 1 } })
  expect(spans).toHaveLength(1)
  expect(spans[0]?.status.code).toBe(SpanStatusCode.UNSET)
  expect(spans[0]?.events.map(({ attributes }) => attributes?.['exception.message'])).toEqual(['not yet'])
})

test.each<[OnError<TopicRecord<string>>, number, boolean]>([
  ['skip', 1, false],
  [{ deadLetter: () => {} }, 1, false],
  ['skip', 4, false],
  ['stop', 1, true],
])('a message that fails for good has a failed span: %o, concurrency %i', async (onError, concurrency, stops) => {
  const { spans, failed } = await pass(
    [{ traceparent: SAMPLED }],
    () => {
      throw new TypeError('no')
    },
    { onError, concurrency },
  )
  expect(failed !== undefined).toBe(stops)
  expect(spans).toHaveLength(1)
  expect(spans[0]).toMatchObject({
    status: { code: SpanStatusCode.ERROR, message: 'no' },
    attributes: { 'error.type': 'TypeError' },
  })
})

test('messages of one lane that are handled at once each have their own trace', async () => {
  const ids = [1, 2, 3].map((n) => String(n).repeat(32))
  const { spans, out } = await pass(
    ids.map((id) => ({ traceparent: `00-${id}-${PARENT}-01` })),
    async ({ value }) => {
      await new Promise((resolve) => setImmediate(resolve))
      return value
    },
    { concurrency: 3 },
  )
  expect(spans.map((span) => span.spanContext().traceId).sort()).toEqual(ids)
  for (const record of out) {
    const span = spans.find(
      ({ attributes }) => `order ${String(attributes['messaging.kafka.offset'])}` === record.value,
    )
    const { traceId, spanId } = span?.spanContext() ?? {}
    expect(header(record, 'traceparent')).toBe(`00-${traceId}-${spanId}-01`)
  }
})

test('an app is traced once', () => {
  const app = createApp()
  const end = instrument(app)
  expect(() => instrument(app)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  end()
  instrument(app)()
})

test('the flags say whether a trace is sampled', () => {
  for (let flags = 0; flags < 256; flags++) {
    const text = `00-${TRACE}-${PARENT}-${flags.toString(16).padStart(2, '0')}`
    expect([text, isSampled(Buffer.from(text))]).toEqual([text, (flags & 1) === 1])
  }
})
