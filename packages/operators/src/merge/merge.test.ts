import { createApp } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { runThrough } from '../fixtures/run-app.ts'
import { aggregate, filter, merge } from '../index.ts'

afterEach(() => Conf.reset())

const message = (timestamp: number, value: string, key = 'k') => ({ key, timestamp, value })

test('messages of several sources come in the order of their times, with the name of their source', async () => {
  const merged = merge({
    a: [message(1, 'a1'), message(4, 'a4')],
    b: [message(2, 'b2'), message(3, 'b3'), message(9, 'b9')],
    c: [message(4, 'c4')],
  })
  expect(await runThrough(merged, ({ from, value }) => `${from} ${value}`)).toEqual([
    'a a1',
    'b b2',
    'b b3',
    'a a4',
    'c c4',
    'b b9',
  ])
})

test('the order is that of merging the heads of the sources', async () => {
  const source = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(source, source, source, async (...times) => {
      const sources = times.map((own, i) => own.map((timestamp, j) => message(timestamp, `${i}/${j}`)))
      const [a, b, c] = sources as [(typeof sources)[0], (typeof sources)[0], (typeof sources)[0]]
      const found = await runThrough(merge({ a, b, c }), ({ value }) => value)
      const heads = sources.map((own) => [...own])
      const expected: string[] = []
      for (let left = sources.flat().length; left > 0; left--) {
        const next = heads
          .filter((own) => own.length > 0)
          .reduce((best, own) => (own[0]!.timestamp < best[0]!.timestamp ? own : best))
        expected.push(next.shift()!.value)
      }
      expect(found).toEqual(expected)
    }),
    { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 100) },
  )
})

test('operators go before and behind it', async () => {
  const a = filter([message(1, 'x'), message(2, 'skip'), message(5, 'y')], ({ value }) => value !== 'skip')
  const merged = merge({ a, b: [message(3, 'z')] })
  const lists = aggregate(merged, (list: string = '', { from, value }) => `${list}${from}${value}`)
  expect(await runThrough(lists, ({ value }) => value)).toEqual(['ax', 'axbz', 'axbzay'])
})

test('topics are replayed in the order of their times, partition by partition', async () => {
  const app = createApp()
  Conf({ groupId: 'g' })
  const [orders, returns] = [Topic('orders'), Topic('returns')]
  const orderOf = new Map<number, number[]>()
  app.snap(merge({ orders, returns }))(({ partition, timestamp }) => {
    orderOf.set(partition, [...(orderOf.get(partition) ?? []), timestamp])
  })
  await using test = createTestApp({ app, topics: { orders: 3, returns: 3 }, startMs: 1_000_000 })
  for (let i = 0; i < 200; i++) {
    await test.topic(orders).pipe(`o${i}`, { key: `k${i % 10}`, timestamp: 1000 + i * 10 })
    await test.topic(returns).pipe(`r${i}`, { key: `k${i % 10}`, timestamp: 1005 + i * 10 })
  }
  await test.start()
  await test.advance(1000)
  const times = [...orderOf.values()]
  expect(times.flat()).toHaveLength(400)
  for (const own of times) expect(own).toEqual(own.toSorted((a, b) => a - b))
})

test('a live message waits for the other topic as long as maxIdleMs', async () => {
  const app = createApp()
  Conf({ groupId: 'g' })
  const [orders, returns] = [Topic('orders'), Topic('returns')]
  const seen: string[] = []
  app.snap(merge({ orders, returns }, { maxIdleMs: 500 }))(({ from, value }) => void seen.push(`${from} ${value}`))
  await using test = createTestApp({ app, startMs: 1_000_000 })
  await test.start()
  await test.advance(1000)
  await test.topic(orders).pipe('2', { key: 'a', timestamp: 1_000_020 })
  await test.advance(100)
  await test.topic(returns).pipe('1', { key: 'a', timestamp: 1_000_010 })
  await test.advance(1000)
  expect(seen).toEqual(['returns 1', 'orders 2'])
})

test('two processes share the partitions of merged topics as one', async () => {
  const seen: { readonly process: string; readonly partition: number; readonly from: string }[] = []
  function makeApp(process: string) {
    const app = createApp()
    const [orders, returns] = [Topic('orders', { groupId: 'g' }), Topic('returns', { groupId: 'g' })]
    app.snap(merge({ orders, returns }))(({ partition, from }) => void seen.push({ process, partition, from }))
    return { app, orders, returns }
  }
  const one = makeApp('one')
  const topics = { orders: 4, returns: 4 }
  await using test = createTestApp({ app: one.app, topics, startMs: 1_000_000 })
  await test.start()
  const two = makeApp('two')
  await using beside = createTestApp({ app: two.app, beside: test })
  await beside.start()
  await test.advance(10_000)
  for (let i = 0; i < 40; i++)
    for (const topic of [one.orders, one.returns]) await test.topic(topic).pipe('x', { key: `k${i}` })
  await test.advance(10_000)
  expect(seen).toHaveLength(80)
  expect(new Set(seen.map(({ process }) => process)).size).toBe(2)
  const ownerOf = new Map(seen.map(({ partition, process }) => [partition, process]))
  for (const { partition, process } of seen) expect(process).toBe(ownerOf.get(partition))
})

test('messages that are no objects are refused', async () => {
  await expect(runThrough(merge({ a: [1] as never }), () => 1)).rejects.toThrow(
    'merge takes messages that are objects, and one of a is 1',
  )
})

test.each([
  [undefined, undefined, 'the inputs are an object'],
  [{}, undefined, 'the inputs are at least one'],
  [{ a: 1 }, undefined, 'merge takes a topic, a cache, an iterable'],
  [{ a: [1] }, { maxIdleMs: -1 }, 'maxIdleMs is a whole number of ms of 0 or more'],
  [{ a: [1] }, { idleMs: 1 }, 'the options are maxIdleMs'],
])('inputs %j with options %j are refused', (inputs, options, expected) => {
  expect(() => (merge as (...args: unknown[]) => unknown)(inputs, options)).toThrow(expected)
})

test('types tell the messages apart by their source', () => {
  const merged = merge({ a: [message(1, 'x')], b: [{ key: 'k', timestamp: 1, amount: 3 }] })
  const app = createApp()
  app.snap(merged, { sink: [Math.abs] })((one) => (one.from === 'a' ? one.value.length : one.amount))
  // @ts-expect-error -- only those of b have an amount
  app.snap(merged, { sink: [Math.abs] })((one) => one.amount)
  // @ts-expect-error -- there is no c
  app.snap(merged)((one) => one.from === 'c')
  expect(merged).toHaveProperty('~snapstream.through')
})
