import { JsonCodec } from '@snapstream/codecs'
import { createApp, snap } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import { GlobalTable, Table } from '@snapstream/state'
import { afterEach, describe, expect, test } from 'vitest'
import { runThrough } from '../fixtures/run-app.ts'
import { filter, join, map } from '../index.ts'
import { pairText } from './fixtures/batch-join.ts'

afterEach(() => Conf.reset())

const at = (key: string, timestamp: number, value: string) => ({ key, timestamp, value })

describe('a join of two streams', () => {
  const orders = [at('a', 1000, 'o1'), at('b', 2000, 'o2'), at('a', 9000, 'o3'), at('c', 30_000, 'o4')]
  const payments = [at('a', 4000, 'p1'), at('a', 4500, 'p2'), at('b', 9000, 'p3'), at('d', 10_000, 'p4')]

  test.each([
    ['inner', ['o1+p1', 'o1+p2']],
    ['left', ['o1+p1', 'o1+p2', 'o2+-', 'o3+-']],
    ['outer', ['o1+p1', 'o1+p2', 'o2+-', '-+p3', '-+p4', 'o3+-']],
  ] as const)('%s gives what belongs together, and what is alone once its time is over', async (type, expected) => {
    const joined = join(orders, payments, { withinMs: [0, 5000], graceMs: 1000, type })
    expect(await runThrough(joined, ({ left, right }) => pairText(left, right))).toEqual(expected)
  })

  test('reads both sides in the order of their times', async () => {
    // The left side alone would be far ahead.
    const left = Array.from({ length: 500 }, (_, i) => at('k', i * 1000, `l${i}`))
    const right = Array.from({ length: 500 }, (_, i) => at('k', i * 1000 + 1, `r${i}`))
    const joined = join(left, right, { withinMs: 10 })
    const expected = left.map((_, i) => `l${i}+r${i}`)
    expect(await runThrough(joined, ({ left, right }) => pairText(left, right))).toEqual(expected)
  })

  test('the timestamp of a pair is that of its later message, and of a message alone its own', async () => {
    const app = createApp()
    Conf({ groupId: 'g' })
    const [left, right, out] = [Topic('left'), Topic('right'), Topic('out')]
    app.snap(join(left, right, { withinMs: 10, type: 'left' }), { sink: [out] })(({ left: l, right: r }) => [
      l.key,
      pairText(l, r),
    ])
    await using test = createTestApp({ app, startMs: 1_000_000 })
    await test.start()
    const pipe = (topic: typeof left, value: string, timestamp: number) =>
      test.topic(topic).pipe(value, { key: value.slice(1), timestamp })
    await pipe(left, 'la', 1_000_005)
    await pipe(right, 'ra', 1_000_001)
    await pipe(left, 'lb', 1_000_003)
    await pipe(right, 'rc', 1_000_100)
    await test.advance(1000)
    expect((await test.topic(out).readAll()).map(({ value, timestamp }) => [value, timestamp])).toEqual([
      ['la+ra', 1_000_005],
      ['lb+-', 1_000_003],
    ])
  })

  test('a message alone is told when the partition is idle', async () => {
    const app = createApp()
    Conf({ groupId: 'g' })
    const [left, right, out] = [Topic('left'), Topic('right'), Topic('out')]
    app.snap(join(left, right, { withinMs: 5000, type: 'left', idleMs: 10_000 }), { sink: [out] })(({ left: l }) => [
      l.key,
      l.value,
    ])
    await using test = createTestApp({ app, startMs: 1_000_000 })
    await test.start()
    await test.topic(left).pipe('alone', { key: 'a', timestamp: 1_000_000 })
    await test.advance(9000)
    expect(await test.topic(out).readAll()).toEqual([])
    await test.advance(10_000)
    expect(await test.topic(out).readAll()).toMatchObject([{ value: 'alone', timestamp: 1_000_000 }])
  })

  test('a message that is too old and meets nothing is late; one that meets something is joined', async () => {
    const app = createApp()
    Conf({ groupId: 'g' })
    const [left, right, out] = [Topic('left'), Topic('right'), Topic('out')]
    const late: string[] = []
    const joined = join(left, right, { withinMs: 1000, graceMs: 500, late: ({ value }) => late.push(value) })
    app.snap(joined, { sink: [out] })(function pairs({ left: l, right: r }) {
      return [l.key, pairText(l, r)]
    })
    await using test = createTestApp({ app, startMs: 1_000_000 })
    await test.start()
    await test.topic(left).pipe('l1', { key: 'a', timestamp: 998_000 })
    await test.topic(left).pipe('l2', { key: 'b', timestamp: 1_000_000 })
    // Behind the grace, but the other one is still here.
    await test.topic(right).pipe('r1', { key: 'a', timestamp: 998_100 })
    await test.topic(right).pipe('r2', { key: 'b', timestamp: 990_000 })
    await test.advance(1000)
    expect((await test.topic(out).readAll()).map(({ value }) => value)).toEqual(['l1+r1'])
    expect(late).toEqual(['r2'])
    expect(app.health().bindings).toMatchObject([{ late: 1 }])
  })

  test('tombstones are passed over, but their time counts', async () => {
    const left = [{ key: 'a', timestamp: 1000, value: 'l1' as string | null }]
    const right = [
      { key: 'a', timestamp: 1001, value: null },
      { key: 'b', timestamp: 9000, value: null },
    ]
    const joined = join(left, right, { withinMs: 1000, type: 'left' })
    expect(await runThrough(joined, ({ left: l, right: r }) => pairText(l, r))).toEqual(['l1+-'])
  })

  test('a failed attempt leaves no trace, and a message that is skipped is in no pair', async () => {
    const left = [at('a', 1000, 'l1'), at('a', 1002, 'l2')]
    const right = [at('a', 1001, 'r1'), at('a', 1003, 'r2')]
    let tries = 0
    const joined = join(left, right, { withinMs: 1000 })
    const emitted = await runThrough(
      joined,
      ({ left: l, right: r }) => {
        if (r.value === 'r1' || ++tries === 1) throw new Error('no')
        return pairText(l, r)
      },
      { onError: (_, { value }) => (value === 'r1' ? 'skip' : 'retry') },
    )
    expect(emitted).toEqual(['l1+r2', 'l2+r2'])
  })

  test('operators may be before both sides', async () => {
    const both = [at('a', 1, 'x'), at('b', 2, 'y')]
    const upper = map(
      filter(both, ({ key }) => key === 'a'),
      (message) => ({ ...message, value: message.value.toUpperCase() }),
    )
    const joined = join(upper, [at('a', 3, 'z'), at('b', 4, 'z')], { withinMs: 10 })
    expect(await runThrough(joined, ({ left, right }) => pairText(left, right))).toEqual(['X+z'])
  })

  test.each([
    ['a key', { timestamp: 1, key: null }, 'join needs messages with a key, and this one has none'],
    ['a timestamp', { key: 'a' }, 'join goes by event time, and the message has no timestamp'],
  ])('a message without %s fails', async (_, message, expected) => {
    const joined = join([message] as never, [at('a', 1, 'r')], { withinMs: 10 })
    await expect(runThrough(joined, () => 1)).rejects.toThrow(expected)
  })
})

describe('a join of a stream and a table', () => {
  const customer = JsonCodec<{ name: string; country: string }>()
  const setUp = () => {
    Conf({ groupId: 'g' })
    const [orders, out] = [Topic('orders', { codec: JsonCodec<{ total: number; country?: string }>() }), Topic('out')]
    return { app: createApp(), orders, out, customers: Topic('customers', { codec: customer }) }
  }

  test.each(['inner', 'left'] as const)('%s gives the value of the key of the message', async (type) => {
    const { app, orders, out, customers } = setUp()
    app.snap(join(orders, Table(customers), { type }), { sink: [out] })(({ left, right }) => [
      left.key,
      `${left.value.total} ${right?.name}`,
    ])
    await using test = createTestApp({ app, topics: { orders: 2, customers: 2 } })
    await test.topic(customers).pipe({ name: 'Ann', country: 'nl' }, { key: 'a' })
    await test.start()
    await test.topic(orders).pipe({ total: 1 }, { key: 'a' })
    await test.topic(orders).pipe({ total: 2 }, { key: 'b' })
    await test.topic(customers).pipe({ name: 'Bob', country: 'be' }, { key: 'b' })
    await test.topic(orders).pipe({ total: 3 }, { key: 'b' })
    await test.advance(1000)
    const expected = type === 'inner' ? ['1 Ann', '3 Bob'] : ['1 Ann', '2 undefined', '3 Bob']
    expect((await test.topic(out).readAll()).map(({ value }) => value)).toEqual(expected)
  })

  test('a global table is read by any key', async () => {
    const { app, orders, out } = setUp()
    const countries = GlobalTable(Topic('countries'))
    const joined = join(orders, countries, { key: ({ value }) => value.country, type: 'left' })
    app.snap(joined, { sink: [out] })(({ left, right }) => [left.key, `${left.value.total} ${right}`])
    await using test = createTestApp({ app, topics: { orders: 3, countries: 2 } })
    await test.topic('countries').pipe('Holland', { key: 'nl' })
    await test.start()
    await test.topic(orders).pipe({ total: 1, country: 'nl' }, { key: 'a' })
    await test.topic(orders).pipe({ total: 2, country: 'xx' }, { key: 'a' })
    await test.topic(orders).pipe({ total: 3 }, { key: 'a' })
    await test.advance(1000)
    expect((await test.topic(out).readAll()).map(({ value }) => value)).toEqual([
      '1 Holland',
      '2 undefined',
      '3 undefined',
    ])
  })

  test('a table with versions is read as of the time of the message', async () => {
    const { app, orders, out } = setUp()
    const rates = Topic('rates')
    app.snap(join(orders, Table(rates, { versionedMs: 60_000 })), { sink: [out] })(({ left, right }) => [
      left.key,
      `${left.value.total} at ${right}`,
    ])
    await using test = createTestApp({ app, startMs: 1_000_000 })
    for (const [value, timestamp] of [['1.1', 1_000_000] as const, ['1.2', 1_010_000] as const])
      await test.topic(rates).pipe(value, { key: 'eur', timestamp })
    await test.start()
    for (const timestamp of [1_005_000, 1_012_000, 999_000])
      await test.topic(orders).pipe({ total: timestamp }, { key: 'eur', timestamp })
    await test.advance(1000)
    expect((await test.topic(out).readAll()).map(({ value }) => value)).toEqual(['1005000 at 1.1', '1012000 at 1.2'])
  })

  test('topics with different numbers of partitions are refused', async () => {
    const { app, orders, customers } = setUp()
    app.snap(join(orders, Table(customers)))(() => undefined)
    await using test = createTestApp({ app, topics: { orders: 2, customers: 3 } })
    await expect(test.start()).rejects.toThrow(/"customers" has 3 partitions and "orders" has 2, .* Write one of them/)
  })
})

describe('a join of two tables', () => {
  test.each([
    ['inner', ['a x+1', 'a x+2', 'a gone', 'a y+2']],
    ['left', ['a x+-', 'a x+1', 'a x+2', 'a gone', 'b x+-', 'a y+2', 'b gone']],
    ['outer', ['a x+-', 'a x+1', 'a x+2', 'a -+2', 'b x+-', 'a y+2', 'c -+3', 'b gone', 'c gone']],
  ] as const)('%s follows both sides', async (type, expected) => {
    const row = (key: string, timestamp: number, value: string | null) => ({ key, timestamp, value })
    const left = [
      row('a', 1, 'x'),
      row('a', 4, null),
      row('b', 5, 'x'),
      row('a', 6, 'y'),
      row('b', 8, null),
      row('d', 9, null),
    ]
    const right = [row('a', 2, '1'), row('a', 3, '2'), row('c', 7, '3'), row('c', 10, null), row('d', 11, null)]
    const joined = join(left, right, { tables: true, type })
    const rows = await runThrough(joined, ({ key, left: l, right: r }) => `${key} ${l || r ? pairText(l, r) : 'gone'}`)
    expect(rows).toEqual(expected)
  })
})

describe('sides that do not go together', () => {
  test.each([
    [
      'partitions',
      { groupId: 'g' },
      { left: 2, right: 3 },
      /"left" has 2 partitions and "right" has 3, and the join goes with both: .* Write one of them, by its key, to a topic with as many partitions as the other/,
    ],
    [
      'groups',
      { groupId: 'h' },
      { left: 2, right: 2 },
      /the join goes with the topic "left" and the topic "right", which are read with the groups "g" and "h"/,
    ],
  ])('different %s are refused when the stream starts', async (_, options, topics, message) => {
    const app = createApp()
    Conf({ groupId: 'g' })
    app.snap(join(Topic('left'), Topic('right', options), { withinMs: 10 }))(() => undefined)
    await using test = createTestApp({ app, topics })
    await expect(test.start()).rejects.toThrow(message)
  })

  test('a topic and an iterable', async () => {
    const app = createApp()
    Conf({ groupId: 'g' })
    app.snap(join(Topic('left'), [at('a', 1, 'r')], { withinMs: 10 }))(() => undefined)
    await using test = createTestApp({ app })
    await expect(test.start()).rejects.toThrow('one of them is no topic (an array of 1)')
  })
})

test.each([
  [undefined, 'the third argument has withinMs for two streams, or tables: true for two tables, got undefined'],
  [{}, 'two streams need withinMs'],
  [{ withinMs: -1 }, 'withinMs is a whole number of ms of 0 or more, got -1'],
  [{ withinMs: [1, 2, 3] }, 'withinMs is a number of ms or [before, after], got an array of 3'],
  [{ withinMs: 1, type: 'full' }, `type is 'inner' or 'left' or 'outer', got "full"`],
  [{ withinMs: 1, grace: 1 }, 'the options are withinMs, graceMs'],
  [{ withinMs: 1, store: {} }, 'store is a store'],
  [{ withinMs: 1, late: 1 }, 'late is a function'],
  [{ tables: true, withinMs: 1 }, 'join with tables: true: the options are tables, type, store, maxIdleMs'],
  [{ tables: false }, 'tables is true, got false'],
])('options %j are refused', (options, message) => {
  expect(() => (join as (...args: unknown[]) => unknown)([], [1], options)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) }),
  )
})

test('a table takes no key of its own, as it has one partition', () => {
  Conf({ groupId: 'g' })
  const refused = () => (join as (...args: unknown[]) => unknown)([], Table(Topic('t')), { key: () => 'a' })
  expect(refused).toThrow('join: another key than that of the message needs a GlobalTable')
  expect(() => (join as (...args: unknown[]) => unknown)([], Table(Topic('t')), { type: 'outer' })).toThrow(
    "'inner' or 'left'",
  )
})

test('types of results are inferred, and wrong uses are refused', () => {
  Conf({ groupId: 'g' })
  const orders = Topic('orders', { codec: JsonCodec<{ total: number }>() })
  const payments = Topic('payments', { codec: JsonCodec<{ paid: number }>() })
  const numbered = Topic('numbered', { codec: JsonCodec<{ paid: number }>(), keyCodec: JsonCodec<number>() })
  const totals = Topic('totals', { codec: JsonCodec<number>() })
  const inner = join(orders, payments, { withinMs: 1 })
  const left = join(orders, payments, { withinMs: [0, 1], type: 'left' })
  const outer = join(orders, payments, { withinMs: 1, type: 'outer' })
  expect(inner).toHaveProperty('~snapstream.through')
  void function types() {
    snap(inner, { sink: [totals] })(({ left: l, right: r }) => [l.key, l.value.total - r.value.paid])
    snap(left, { sink: [totals] })(({ left: l, right: r }) => [l.key, l.value.total - (r?.value.paid ?? 0)])
    // @ts-expect-error -- the right side may be missing
    snap(left, { sink: [totals] })(({ left: l, right: r }) => [l.key, l.value.total - r.value.paid])
    snap(outer, { sink: [totals] })(({ left: l, right: r }) =>
      l === undefined ? [r.key, -r.value.paid] : [l.key, l.value.total - (r?.value.paid ?? 0)],
    )
    // @ts-expect-error -- the left side may be missing
    snap(outer, { sink: [totals] })(({ left: l }) => [l.key, l.value.total])
    // @ts-expect-error -- a value that the sink does not take
    snap(inner, { sink: [totals] })(({ left: l }) => [l.key, l.value])
    // @ts-expect-error -- keys of different types
    join(orders, numbered, { withinMs: 1 })
    // @ts-expect-error -- no time
    join(orders, payments, { type: 'left' })
    // @ts-expect-error -- no type of a join
    join(orders, payments, { withinMs: 1, type: 'full' })
    join(orders, Table(payments), {})
    // @ts-expect-error -- keys of different types
    join(orders, Table(numbered))
    join(orders, GlobalTable(numbered), { key: ({ value }) => value.total })
    // @ts-expect-error -- a key of another type
    join(orders, GlobalTable(numbered), { key: ({ key }) => key })
    // @ts-expect-error -- a table is no outer side
    join(orders, Table(payments), { type: 'outer' })
    const rows = join(orders, payments, { tables: true, type: 'left' })
    snap(rows, { sink: [totals] })(({ key, left: l, right: r }) => [
      key,
      l ? l.value.total - (r?.value.paid ?? 0) : null,
    ])
    // @ts-expect-error -- a row may be gone
    snap(rows, { sink: [totals] })(({ key, left: l }) => [key, l.value.total])
    // @ts-expect-error -- tables have no time
    join(orders, payments, { tables: true, withinMs: 1 })
  }
})
