import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import { expect, test } from 'vitest'
import { instrument } from './instrument.ts'
import { prometheus } from './prometheus/prometheus.ts'

test('an app that runs in a test app is measured, and hands traces on', async () => {
  const app = createApp()
  const orders = Topic('orders', { groupId: 'billing', create: true })
  const invoices = Topic('invoices', { create: true })
  app.snap(orders, { name: 'bill', sink: [invoices] })(({ value }) => value)
  const metrics = prometheus(app)
  const end = instrument(app, { metrics: false })
  await using running = createTestApp({ app })
  await running.start()
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`
  await running.topic(orders).pipe('apples', { headers: { traceparent } })
  const invoice = await running.topic(invoices).read()
  expect(invoice?.headers.map(([name, value]) => [name, String(Buffer.from(value ?? []))])).toEqual([
    ['traceparent', traceparent],
  ])
  expect(metrics.text()).toContain(
    'messaging_client_consumed_messages_total{snapstream_binding="bill",messaging_system="kafka",messaging_destination_name="orders",messaging_consumer_group_name="billing"} 1\n',
  )
  end()
  metrics.close()
})
