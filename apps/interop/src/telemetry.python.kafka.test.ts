import { fileURLToPath } from 'node:url'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { instrument } from '@snapstream/otel'
import { prometheus } from '@snapstream/otel/prometheus'
import { otlpReceiver } from '@snapstream/otel/src/fixtures/otlp-receiver.ts'
import { pythonTelemetryCommand } from '@snapstream/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drivers } from './drivers.ts'
import { otherClient } from './other-client.ts'
import type { OtherClient } from './other-client.ts'
import { testTopics } from './test-topics.ts'

const brokers = process.env['KAFKA_BROKERS'] ?? ''
const topics = testTopics(brokers)
const VALUES = ['apples', 'pears', 'plums']
let python: OtherClient

beforeAll(async () => {
  const file = fileURLToPath(new URL('telemetry.py', import.meta.url))
  python = otherClient(await pythonTelemetryCommand(file), brokers)
})
afterAll(async () => {
  await topics.deleteAll()
  await python.close()
})

test("a trace leads from Python's producer through a handler to Python's consumer, in one backend", async () => {
  await using receiver = await otlpReceiver()
  const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` })
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  provider.register()
  const otlp = receiver.url

  for (const driver of drivers) {
    const [orders, invoices] = [await topics.create(), await topics.create()]
    await python.ask('send', { topic: orders, values: VALUES, otlp })
    const conf = { brokers, driver }
    const app = createApp()
    const end = instrument(app, { metrics: false })
    const source = Topic(orders, { groupId: orders, until: 'end', conf })
    app.snap(source, { sink: [Topic(invoices, { conf })] })(async ({ key, value }) => [key, `invoice for ${value}`])
    await app.stream()
    end()
    const received = await python.ask<string[]>('receive', { topic: invoices, count: VALUES.length, otlp })
    expect(received.sort()).toEqual(VALUES.map((value) => `invoice for ${value}`))
    await provider.forceFlush()

    const spans = receiver.spans().filter(({ name }) => name.includes(orders) || name.includes(invoices))
    expect(spans).toHaveLength(3 * VALUES.length)
    const sent = spans.filter(({ name }) => name === `send ${orders}`)
    expect(sent).toHaveLength(VALUES.length)
    for (const send of sent) {
      const { traceId, spanId } = send
      const process = spans.find((span) => span.name === `process ${orders}` && span.traceId === traceId)
      const receive = spans.find((span) => span.name === `receive ${invoices}` && span.traceId === traceId)
      expect(process).toMatchObject({ parentSpanId: spanId, links: [{ traceId, spanId }], kind: 5 })
      expect(receive?.parentSpanId).toBe(process?.spanId)
      expect([send.service, receive?.service]).toEqual(['python', 'python'])
      expect(process?.service).toMatch(/^unknown_service/)
    }
  }
  await provider.shutdown()
  trace.disable()
}, 120_000)

interface Family {
  readonly name: string
  readonly type: string
  readonly samples: readonly (readonly [name: string, labels: Readonly<Record<string, string>>, value: number])[]
}

test("Prometheus' own parser reads the metrics as they were written", async () => {
  const orders = await topics.create()
  const conf = { brokers, driver: drivers[0]! }
  const labels = { odd: 'a "quoted"\\back\nslash, {brace} é 🎉' }
  await using topic = Topic(orders, { conf })
  await topic.open()
  await Promise.all(VALUES.map((value) => topic(value)))
  const app = createApp()
  const metrics = prometheus(app, { labels })
  app.snap(Topic(orders, { groupId: orders, until: 'end', conf }), { name: 'odd "name"' })(() => {})
  await app.stream()

  const families = await python.ask<Family[]>('parse', { text: metrics.text() })
  metrics.close()
  const types = Object.fromEntries(families.map(({ name, type }) => [name, type]))
  expect(types).toMatchObject({
    messaging_client_consumed_messages: 'counter',
    messaging_process_duration_seconds: 'histogram',
    messaging_client_operation_duration_seconds: 'histogram',
    snapstream_checkpoint_duration_seconds: 'histogram',
    snapstream_in_flight: 'gauge',
    snapstream_live: 'gauge',
  })
  const samples = families.flatMap((family) => family.samples)
  expect(samples.every(([, own]) => own['odd'] === labels.odd)).toBe(true)
  const [binding] = app.health().bindings
  expect(samples.find(([name]) => name === 'messaging_client_consumed_messages_total')).toEqual([
    'messaging_client_consumed_messages_total',
    {
      snapstream_binding: 'odd "name"',
      messaging_system: 'kafka',
      messaging_destination_name: orders,
      messaging_consumer_group_name: orders,
      ...labels,
    },
    binding?.handled,
  ])
  expect(binding?.handled).toBe(VALUES.length)

  // As in every histogram: buckets grow, and the last one has all values.
  const polls = samples.filter(
    ([name, own]) =>
      name === 'messaging_client_operation_duration_seconds_bucket' && own['messaging_operation_name'] === 'poll',
  )
  expect(polls.length).toBeGreaterThan(10)
  // A fetch that waits for records when the stream ends is no error.
  expect(polls.filter(([, own]) => 'error_type' in own)).toEqual([])
  const serverOf = ([, own]: (typeof polls)[number]) => `${own['server_address']}:${own['server_port']}`
  for (const server of new Set(polls.map(serverOf))) {
    const counts = polls.filter((sample) => serverOf(sample) === server).map(([, , count]) => count)
    expect(counts).toEqual([...counts].sort((a, b) => a - b))
  }
})
