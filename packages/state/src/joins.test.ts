import { createApp } from '@snapstream/core'
import { Topic, type KafkaConf } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'
import { expect, test } from 'vitest'
import { runApp } from './fixtures/apps.ts'
import { joinOrders } from './fixtures/join-orders.ts'
import { tempFolder } from './fixtures/temp-folder.ts'
import { GlobalTable, Table } from './index.ts'

test.each([true, false])(
  'every order finds its customer in two processes, a late one included: exactly once %s',
  async (exactlyOnce) => {
    const { joined, expected } = await joinOrders({ driver: memory(), exactlyOnce })
    expect(joined).toEqual(expected)
  },
  60_000,
)

test('a global table has all keys in each process, whatever its partitions', async () => {
  const conf: KafkaConf = { driver: memory() }
  const rates = Topic('rates', { conf, create: { partitions: 3 } })
  const orders = Topic('orders', { conf, create: { partitions: 4 } })
  const priced: string[] = []
  const currencies = Array.from({ length: 30 }, (_, i) => `currency-${i}`)
  await Promise.all([rates.open(), orders.open()])
  await Promise.all(currencies.map((key, i) => rates(String(i), { key })))
  const start = () => {
    const table = GlobalTable(Topic('rates', { conf }), { folder: tempFolder() })
    return runApp((app) =>
      app.snap(Topic('orders', { conf, groupId: 'g' }), { use: [table] })(({ key, value }) => {
        priced.push(`${key} at ${table.getSync(value)}`)
      }),
    )
  }
  const [one, other] = [start(), start()]
  await Promise.all([one.ready, other.ready])
  await Promise.all(currencies.map((currency, i) => orders(currency, { key: `order-${i}` })))
  await expect.poll(() => priced.toSorted()).toEqual(currencies.map((_, i) => `order-${i} at ${i}`).toSorted())
  await Promise.all([one.stop(), other.stop(), rates.close(), orders.close()])
})

test('topics with different numbers of partitions are refused by name', async () => {
  const conf: KafkaConf = { driver: memory() }
  const orders = Topic('orders', { conf, groupId: 'g', create: { partitions: 4 } })
  const customers = Topic('customers', { conf, create: { partitions: 3 } })
  await Promise.all([orders.open(), customers.open()])
  const app = createApp()
  const table = Table(customers, { folder: tempFolder() })
  app.snap(orders, { use: [table] })(() => {})
  await expect(app.stream()).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/"customers".* has 3 partitions.*"orders".* has 4/) as string,
  })
  await Promise.all([orders.close(), customers.close()])
})
