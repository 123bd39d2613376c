import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import type { BindingHealth } from '@snapstream/core'
import { expect, test } from 'vitest'
import { busyApp } from './fixtures/busy-app.ts'
import { otlpReceiver } from './fixtures/otlp-receiver.ts'
import type { OtlpReceiver } from './fixtures/otlp-receiver.ts'
import { instrument } from './instrument.ts'
import { prometheus } from './prometheus/prometheus.ts'

/** The fields of health by the names of their metrics: the names are written down, so that a change of one is seen. */
const OF_BINDINGS: Readonly<Record<string, (health: BindingHealth) => number | undefined>> = {
  'messaging.client.consumed.messages': ({ handled }) => handled,
  'snapstream.lag': ({ lag }) => lag,
  'snapstream.in_flight': ({ inFlight }) => inFlight,
  'snapstream.retried': ({ retried }) => retried,
  'snapstream.skipped': ({ skipped }) => skipped,
  'snapstream.dead_lettered': ({ deadLettered }) => deadLettered,
  'snapstream.late': ({ late }) => late,
  'snapstream.transaction.aborted': ({ aborted }) => aborted,
  'snapstream.stalled': ({ state }) => Number(state === 'stalled'),
}
const COUNTERS = /consumed|retried|skipped|dead_lettered|late|aborted/

function exporting({ url }: OtlpReceiver) {
  const exporter = new OTLPMetricExporter({ url: `${url}/v1/metrics` })
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  return new MeterProvider({ readers: [reader] })
}

const BILL = {
  'snapstream.binding': 'bill',
  'messaging.system': 'kafka',
  'messaging.destination.name': 'orders',
  'messaging.consumer.group.name': 'billing',
}

test('a backend of OpenTelemetry gets what health says at that moment', async () => {
  await using receiver = await otlpReceiver()
  const meterProvider = exporting(receiver)
  const { app, start } = await busyApp()
  const end = instrument(app, { meterProvider, traces: false, attributes: { app: 'shop' } })
  const finish = await start()
  await meterProvider.forceFlush()

  const { bindings, live, ready } = app.health()
  const valueOf = (name: string, binding?: string) =>
    receiver.points().find((point) => point.name === name && point.attributes['snapstream.binding'] === binding)
  for (const health of bindings)
    for (const [name, read] of Object.entries(OF_BINDINGS)) {
      expect([name, valueOf(name, health.name)?.value]).toEqual([name, read(health)])
      expect([name, valueOf(name, health.name)?.monotonic]).toEqual([name, COUNTERS.test(name)])
    }
  // The state is what the names say it is.
  expect(bindings[0]).toMatchObject({ handled: 5, retried: 4, deadLettered: 2, inFlight: 1, lag: 4, skipped: 0 })
  expect(bindings[1]).toMatchObject({ handled: 4, skipped: 3 })
  expect(valueOf('snapstream.live')?.value).toBe(Number(live))
  expect(valueOf('snapstream.ready')?.value).toBe(Number(ready))
  expect(valueOf('snapstream.restore.remaining')).toMatchObject({
    value: 60,
    attributes: {
      'snapstream.store': 'counts',
      'messaging.destination.partition.id': '3',
      'snapstream.restore.role': 'standby',
    },
  })
  expect(valueOf('messaging.client.consumed.messages', 'bill')?.attributes).toEqual({ ...BILL, app: 'shop' })

  await finish()
  await meterProvider.forceFlush()
  const processed = valueOf('messaging.process.duration', 'bill')
  expect(processed).toMatchObject({ unit: 's', value: expect.any(Number) as number })
  expect(processed?.attributes).toMatchObject({ ...BILL, 'messaging.operation.name': 'process' })
  expect(valueOf('snapstream.event_time.delay', 'check')?.value).toBeGreaterThan(59)
  expect(valueOf('snapstream.checkpoint.duration')?.value).toBeGreaterThan(0)
  const sent = receiver.points().filter(({ name }) => name === 'messaging.client.sent.messages')
  expect(
    Object.fromEntries(sent.map(({ attributes, value }) => [attributes['messaging.destination.name'], value])),
  ).toEqual({
    invoices: 7,
    'orders.dead': 2,
  })

  end()
  await meterProvider.forceFlush()
  await meterProvider.shutdown()
})

test('Prometheus gets the same', async () => {
  const { app, start } = await busyApp()
  const metrics = prometheus(app, { labels: { app: 'shop' } })
  const finish = await start()
  const { bindings, live } = app.health()
  const lines = metrics.text().split('\n')
  const own =
    'snapstream_binding="bill",messaging_system="kafka",messaging_destination_name="orders",messaging_consumer_group_name="billing",app="shop"'
  for (const [name, read] of Object.entries(OF_BINDINGS)) {
    const text = `${name.replaceAll('.', '_')}${COUNTERS.test(name) ? '_total' : ''}`
    expect(lines).toContain(`${text}{${own}} ${String(read(bindings[0] as BindingHealth))}`)
  }
  expect(lines).toContain(`snapstream_live{app="shop"} ${Number(live)}`)
  expect(lines).toContain(
    'snapstream_restore_remaining{snapstream_store="counts",messaging_destination_partition_id="3",snapstream_restore_role="standby",app="shop"} 60',
  )
  await finish()
  const after = metrics.text()
  expect(after).toMatch(/^messaging_process_duration_seconds_bucket\{snapstream_binding="check",.*,le="\+Inf"\} 1$/m)
  expect(after).toMatch(/^messaging_client_sent_messages_total\{.*"invoices".*\} 7$/m)
  metrics.close()
})

test('several apps of a process share a provider, which gets each request once', async () => {
  await using receiver = await otlpReceiver()
  const meterProvider = exporting(receiver)
  const one = await busyApp()
  const other = await busyApp()
  const ends = [one, other].map(({ app }, i) =>
    instrument(app, { meterProvider, traces: false, attributes: { app: i } }),
  )
  ends[0]?.()
  await (
    await other.start()
  )()
  await meterProvider.forceFlush()
  const sent = receiver.points().filter(({ name }) => name === 'messaging.client.sent.messages')
  expect(sent.map(({ value }) => value).sort((a, b) => a - b)).toEqual([2, 7])
  const consumed = receiver.points().filter(({ name }) => name === 'messaging.client.consumed.messages')
  expect(consumed.every(({ attributes }) => attributes['app'] === 1)).toBe(true)
  await meterProvider.shutdown()
})

test('wrong options are refused', async () => {
  const { app } = await busyApp()
  expect(() => instrument(app, { startTraces: 2 })).toThrow(
    'startTraces of instrument has to be a number from 0 to 1, got 2',
  )
  expect(() => instrument(app, { metric: false } as object)).toThrow(
    'an option of instrument has to be one of metrics, traces, startTraces, attributes, meterProvider, tracerProvider, got metric',
  )
  expect(() => prometheus(app, { labels: { 'a.b': 'c' } })).toThrow(
    'a label of prometheus has to have letters, digits and _, got "a.b"',
  )
  expect(() => instrument({} as never)).toThrow(expect.objectContaining({ code: 'USAGE' }))
})
