import { randomUUID } from 'node:crypto'
import { createApp } from '@snapstream/core'
import { Topic, kafkajs } from '@snapstream/kafka'
import { kafkats } from '@snapstream/kafkats'
import { expect, test } from 'vitest'
import { tempFolder } from './fixtures/temp-folder.ts'
import { Store } from './index.ts'

test.each([kafkajs(), kafkats()])(
  'a reset on Kafka begins anew, with a changelog of its own: $name',
  async (driver) => {
    const id = randomUUID()
    const conf = { brokers: process.env['KAFKA_BROKERS'] ?? 'localhost:29091', driver, groupId: `shop-${id}` }
    const folder = tempFolder()
    const orders = Topic(`orders-${id}`, { conf, create: { partitions: 2 } })
    await orders.open()
    for (const key of ['ada', 'bob', 'ada']) await orders('order', { key })
    await orders.close()
    const counted: string[] = []
    const bind = () => {
      const app = createApp()
      const counts = Store<string, number>('counts', { folder })
      const sink = [counts, (entry: readonly [string, number]) => void counted.push(entry.join(' '))]
      app.snap(Topic(`orders-${id}`, { conf, until: 'end' }), { sink })((order) => {
        const entry: readonly [string, number] = [order.key!, (counts.of(order).getSync(order.key!) ?? 0) + 1]
        return entry
      })
      return app
    }
    await bind().stream()
    const expected = counted.splice(0).toSorted()
    expect(expected).toEqual(['ada 1', 'ada 2', 'bob 1'])
    const app = bind()
    expect((await app.reset()).map(({ kind }) => kind)).toEqual(['offsets', 'changelog', 'folder'])
    await app.stream()
    expect(counted.toSorted()).toEqual(expected)
  },
  90_000,
)
