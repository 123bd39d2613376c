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

test('a process that restarts has its partitions of a table on disk, and gets them again', async () => {
  const conf: KafkaConf = { driver: memory() }
  const customers = Topic('customers', { conf, create: { partitions: 4 } })
  const orders = Topic('orders', { conf, create: { partitions: 4 } })
  await Promise.all([customers.open(), orders.open()])
  const keys = Array.from({ length: 400 }, (_, i) => `customer-${i}`)
  await Promise.all(keys.map((key) => customers(`name of ${key}`, { key })))
  const named = new Map<string, number>()
  const start = (folder: string) => {
    const restored: number[] = []
    const lanes = new Set<unknown>()
    const table = Table(Topic('customers', { conf }), { folder })
    const process = runApp((app) => {
      app.on('restore', ({ of }) => restored.push(of))
      app.on('assigned', (event) => event.lanes.forEach((lane) => lanes.add(lane)))
      app.on('revoked', (event) => event.lanes.forEach((lane) => lanes.delete(lane)))
      app.snap(Topic('orders', { conf, groupId: 'g' }), { use: [table] })((order) => {
        if (table.of(order).getSync(order.key!) === `name of ${order.key}`)
          named.set(order.key!, (named.get(order.key!) ?? 0) + 1)
      })
    })
    return { ...process, restored, lanes }
  }
  const one = start(tempFolder())
  // Each part reports its beginning and its end.
  await expect.poll(() => one.restored.length, { timeout: 10_000 }).toBe(8)
  const folder = tempFolder()
  const other = start(folder)
  await expect.poll(() => [one.lanes.size, other.lanes.size], { timeout: 10_000 }).toEqual([2, 2])
  const before = [...other.lanes]
  await expect.poll(() => other.app.health().stores).toEqual([])
  await expect.poll(() => Math.max(...other.restored)).toBeGreaterThan(50)
  await other.stop()
  await expect.poll(() => one.lanes.size).toBe(4)
  const again = start(folder)
  await expect.poll(() => again.lanes.size, { timeout: 10_000 }).toBe(2)
  expect(again.lanes).toEqual(new Set(before))
  expect(again.restored).toEqual([])
  await Promise.all(keys.map((key) => orders('order', { key })))
  await expect.poll(() => named.size, { timeout: 10_000 }).toBe(keys.length)
  await Promise.all([one.stop(), again.stop()])
  await Promise.all([customers.close(), orders.close()])
}, 60_000)

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
