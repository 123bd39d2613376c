import { existsSync } from 'node:fs'
import { createApp, type App, type RestoreProgress } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp, type TestApp } from '@snapstream/kafka/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { GlobalTable, Store, Table } from './index.ts'

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
  expect(await written(test)).toEqual(new Map(CUSTOMERS.map((customer) => [customer, expected])))
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
    const counts = [...(await written(test)).values()]
    expect(counts).toHaveLength(CUSTOMERS.length)
    const isRight = (counts: readonly number[]) => (exactlyOnce ? counts.join() === '1,2,3' : counts.at(-1)! >= 3)
    expect(counts.filter((counts) => !isRight(counts))).toEqual([])
  })
})

test('tables and lookups run in test apps', async () => {
  Conf({ groupId: 'shop' })
  const orders = Topic('orders')
  const names = Table(Topic('names'))
  const prices = GlobalTable(Topic('prices'))
  const counts = Store<string, string>('counts')
  const app = createApp()
  app.snap(orders, { sink: [Topic('bills'), counts], use: [names, prices] })((order) => [
    order.key!,
    `${names.of(order).getSync(order.key!)} pays ${prices.getSync(order.value)}`,
  ])
  const before = existsSync('state')
  await using test = createTestApp({ app, partitions: 2 })
  await test.topic('names').pipe('Ann Lee', { key: 'ann' })
  await test.topic('prices').pipe('3', { key: 'apples' })
  await test.start()
  await test.topic('orders').pipe('apples', { key: 'ann' })
  await test.topic('names').pipe('Ann Roe', { key: 'ann' })
  await test.topic('orders').pipe('apples', { key: 'ann' })
  expect((await test.topic('bills').readAll()).map(({ value }) => value)).toEqual(['Ann Lee pays 3', 'Ann Roe pays 3'])
  await test.advance(1000)
  expect(await counts.find('ann')).toMatchObject({ here: true, value: 'Ann Roe pays 3' })
  expect(existsSync('state')).toBe(before)
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

describe('reset', () => {
  test('a dry run tells what a reset sets back, and a reset begins anew', async () => {
    const shop = openShop(false)
    await using test = createTestApp({ app: shop.app, partitions: 2 })
    expect(await test.reset({ dryRun: true })).toEqual([])
    await test.start()
    await round(test)
    await expect(test.reset()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' })
    await test.stop()
    const items = [
      {
        kind: 'offsets',
        name: 'orders',
        effect: 'the group "shop" goes back to the first record (20 records in 2 partitions)',
      },
      { kind: 'changelog', name: 'shop-counts-changelog', effect: 'the changelog of the store "counts" is deleted' },
      { kind: 'folder', name: expect.any(String), effect: 'the parts of the store "counts" are removed' },
    ]
    expect(await test.reset({ dryRun: true })).toEqual(items)
    expect(await test.topic('orders').lag('shop')).toBe(0)
    expect(await test.reset()).toEqual(items)
    expect(await test.reset()).toEqual([])
    expect(await test.topic('orders').lag('shop')).toBe(20)
    await test.start()
    await test.advance(1000)
    await expectCounts(test, [1, 1])
  })

  test('is refused while the group has a member, before anything is removed', async () => {
    const first = openShop(false)
    const second = openShop(false)
    await using one = createTestApp({ app: first.app, partitions: 2 })
    await one.start()
    await round(one)
    await using two = createTestApp({ app: second.app, beside: one })
    await two.start()
    await one.advance(60_000)
    await one.stop()
    for (const dryRun of [true, false])
      await expect(one.reset({ dryRun })).rejects.toMatchObject({
        code: 'GROUP_NOT_EMPTY',
        message: expect.stringContaining('shop'),
      })
    await round(one)
    await one.advance(1000)
    await expectCounts(one, [1, 2])
  })
})
