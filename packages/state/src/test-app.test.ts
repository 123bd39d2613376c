import { existsSync } from 'node:fs'
import { createApp, type App, type RestoreProgress } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp, type TestApp } from '@snapstream/kafka/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { Store } from './index.ts'

afterEach(() => Conf.reset())

const CUSTOMERS = Array.from({ length: 20 }, (_, i) => `customer-${i}`)

/** A process that counts the orders of each customer. */
interface Shop {
  readonly app: App<{}>
  /** The customers whose orders it handled. */
  readonly handled: Set<string>
  /** The last progress of each restore, by partition. */
  readonly restored: Map<number, RestoreProgress>
}

function openShop(exactlyOnce: boolean): Shop {
  Conf({ groupId: 'shop', exactlyOnce })
  const orders = Topic('orders')
  const totals = Topic('totals')
  const counts = Store<string, number>('counts')
  const handled = new Set<string>()
  const restored = new Map<number, RestoreProgress>()
  const app = createApp()
  app.on('restore', (progress) => void restored.set(progress.partition, progress))
  app.snap(orders, { sink: [totals], use: [counts] })((order) => {
    const key = order.key!
    const part = counts.of(order)
    const count = (part.getSync(key) ?? 0) + 1
    part.put(key, count)
    handled.add(key)
    return [key, String(count)]
  })
  return { app, handled, restored }
}

/** An order of each customer. */
async function round(test: TestApp): Promise<void> {
  for (const key of CUSTOMERS) await test.topic('orders').pipe('order', { key })
}

/** By customer, the counts that were written. */
async function written(test: TestApp): Promise<ReadonlyMap<string, readonly number[]>> {
  const counts = new Map<string, number[]>()
  for (const { key, value } of await test.topic('totals').readAll())
    counts.set(key!, [...(counts.get(key!) ?? []), Number(value)])
  return counts
}

async function expectCounts(test: TestApp, expected: readonly number[]): Promise<void> {
  const counts = await written(test)
  expect([...counts.keys()].toSorted()).toEqual(CUSTOMERS.toSorted())
  for (const [customer, numbers] of counts) expect(numbers, customer).toEqual(expected)
}

describe.each([{ exactlyOnce: true }, { exactlyOnce: false }])('stores in test apps, %j', ({ exactlyOnce }) => {
  test('counts move with their partitions while a second process joins and leaves', async () => {
    const first = openShop(exactlyOnce)
    const second = openShop(exactlyOnce)
    await using one = createTestApp({ app: first.app, partitions: 4 })
    await one.start()
    await round(one)
    await using two = createTestApp({ app: second.app, beside: one })
    await two.start()
    await one.advance(60_000)
    first.handled.clear()
    await round(one)
    expect([first.handled.size, second.handled.size].every((size) => size > 0)).toBe(true)
    expect(first.handled.size + second.handled.size).toBe(CUSTOMERS.length)
    await two.stop()
    await round(one)
    await one.advance(1000)
    await expectCounts(one, [1, 2, 3])
  })

  test('counts go on where a process was killed, and it finds its folder when it starts again', async () => {
    const first = openShop(exactlyOnce)
    const second = openShop(exactlyOnce)
    await using one = createTestApp({ app: first.app, partitions: 4 })
    await using two = createTestApp({ app: second.app, beside: one })
    await one.start()
    await two.start()
    await one.advance(60_000)
    await round(one)
    await one.advance(1000)
    await two.crash()
    await one.advance(60_000)
    await round(one)
    await two.start()
    await one.advance(60_000)
    await round(two)
    await one.advance(1000)
    expect(second.handled.size).toBeGreaterThan(0)
    await expectCounts(one, [1, 2, 3])
  })

  test('a restart reads what its folder lacks, a fresh folder everything', async () => {
    const shop = openShop(exactlyOnce)
    await using test = createTestApp({ app: shop.app })
    await test.start()
    await round(test)
    await test.advance(1000)
    await round(test)
    await test.restart()
    shop.restored.clear()
    await test.restart({ crash: true })
    expect(shop.restored.get(0)?.of ?? 0).toBe(0)
    shop.restored.clear()
    await test.restart({ freshFolder: true })
    expect(shop.restored.get(0)).toMatchObject({ store: 'counts', role: 'active' })
    expect(shop.restored.get(0)!.of).toBeGreaterThanOrEqual(2 * CUSTOMERS.length)
    await round(test)
    await test.advance(1000)
    await expectCounts(test, [1, 2, 3])
  })

  test('a crash between checkpoints loses no count', async () => {
    const shop = openShop(exactlyOnce)
    await using test = createTestApp({ app: shop.app, checkpointMs: 10_000 })
    await test.start()
    for (let n = 0; n < 3; n++) {
      await round(test)
      await test.restart({ crash: true, freshFolder: n === 1 })
    }
    await test.advance(10_000)
    const counts = await written(test)
    for (const customer of CUSTOMERS)
      if (exactlyOnce) expect(counts.get(customer), customer).toEqual([1, 2, 3])
      else expect(counts.get(customer)!.at(-1), customer).toBeGreaterThanOrEqual(3)
  })
})

test('stores in test apps use no folder', async () => {
  const before = existsSync('state')
  await using test = createTestApp({ app: openShop(false).app })
  await test.start()
  await round(test)
  await test.stop()
  expect(existsSync('state')).toBe(before)
  expect(before).toBe(false)
})
