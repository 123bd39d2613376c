import { batch, createApp } from '@snapstream/core'
import type { Codec, SinkTarget } from '@snapstream/core'
import { TEST_FOLDERS_KEY } from '@snapstream/core/adapter'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Conf } from '../conf/conf.ts'
import { Topic } from '../topic/topic.ts'
import { createTestApp } from './index.ts'

afterEach(() => {
  Conf.reset()
  vi.restoreAllMocks()
})

interface Order {
  readonly id: string
  readonly total: number
}

const json = <T>(): Codec<T> => ({
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as T,
})

const text = (bytes: Uint8Array | null | undefined) => bytes && Buffer.from(bytes).toString()

/** An app that forwards each value in capital letters. */
function shouting(options: object = {}) {
  const input = Topic('input', { groupId: 'shout' })
  const output = Topic('output')
  const app = createApp()
  app.snap(input, { sink: [output], ...options })(({ key, value }) => [key, value.toUpperCase()])
  return { input, output, app }
}

describe('createTestApp', () => {
  test('a test app runs its bindings and creates their topics', async () => {
    const orders = Topic('orders', { groupId: 'billing', codec: json<Order>() })
    const invoices = Topic('invoices', { codec: json<Order>() })
    const app = createApp<{ rate: number }>()
    app.snap(orders, { sink: [invoices] })(({ key, value, headers }, { rate }) => [
      key,
      { ...value, total: value.total * rate },
      { headers },
    ])
    await using test = createTestApp({ app, context: { rate: 2 } })
    await test.start()
    const input = test.topic(orders)
    await input.pipe({ id: 'a', total: 3 }, { key: 'k', headers: { via: 'web' }, timestamp: 1234 })
    const record = await test.topic(invoices).read()
    expect(record).toMatchObject({ topic: 'invoices', key: 'k', value: { id: 'a', total: 6 }, timestamp: 1234 })
    expect(text(record?.headers[0]?.[1])).toBe('web')
    expect(await test.topic(invoices).read()).toBeUndefined()
    expect([await input.committed(), await input.lag()]).toEqual([[undefined], 1])
    await test.advance(1000)
    expect([await input.committed(), await input.lag(), test.now]).toEqual([[1], 0, 1000])
  })

  test('closing a test app keeps the bindings and restores Conf', async () => {
    const { app, output, input } = shouting()
    for (const value of ['a', 'b']) {
      await using test = createTestApp({ app })
      await test.start()
      await test.topic(input).pipe(value)
      expect((await test.topic(output).readAll()).map((record) => record.value)).toEqual([value.toUpperCase()])
    }
    expect(app.bindings.length).toBe(1)
    await expect(output.open()).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('no broker') })
  })

  test('only one test app runs at a time, and only with the driver of the test', async () => {
    const { app } = shouting()
    await using first = createTestApp({ app })
    await first.start()
    await expect(first.start()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' })
    const second = createTestApp({ app })
    await expect(second.start()).rejects.toThrow('another test app is open')
    await first.close()
    await second.start()
    await second.close()
    const { memory } = await import('../memory/index.ts')
    const own = createApp()
    own.snap(Topic('own', { groupId: 'g', conf: { driver: memory() } }))(() => {})
    await expect(createTestApp({ app: own }).start()).rejects.toThrow('has a driver in its conf')
    await expect(createTestApp({ app: createApp() }).start()).rejects.toMatchObject({ code: 'NOTHING_BOUND' })
  })

  test('a test app beside another one is a second process of its group', async () => {
    const [one, two] = [shouting(), shouting()]
    const handled = { one: 0, two: 0 }
    one.app.snap(Topic('counted', { groupId: 'count' }))(() => void handled.one++)
    two.app.snap(Topic('counted', { groupId: 'count' }))(() => void handled.two++)
    await using first = createTestApp({ app: one.app, partitions: 2 })
    await first.start()
    await using second = createTestApp({ app: two.app, beside: first })
    await second.start()
    const counted = first.topic('counted')
    for (let i = 0; i < 4; i++) await counted.pipe('x')
    expect(handled).toEqual({ one: 2, two: 2 })
    await second.crash()
    await first.advance(60_000)
    for (let i = 0; i < 4; i++) await counted.pipe('x')
    // Its own were not committed.
    expect([handled.one, second.running, second.now]).toEqual([8, false, 60_000])
    await second.restart()
    await second.topic('counted').pipe('x')
    expect(handled.one + handled.two).toBe(11)
    await first.close()
    await second.topic('counted').pipe('x')
    expect(handled.one + handled.two).toBe(12)
  })

  test('a test app beside another one needs topics of its own, and takes its broker and clock', async () => {
    const { app, input } = shouting()
    await using first = createTestApp({ app })
    await first.start()
    const same = createApp()
    same.snap(input)(() => {})
    await expect(createTestApp({ app: same, beside: first }).start()).rejects.toThrow(
      'Topic(input) is bound to another test app that runs',
    )
    expect(() => createTestApp({ beside: first, partitions: 2 })).toThrow('which has partitions')
    expect(() => createTestApp({ beside: {} as never })).toThrow('takes what another createTestApp returned')
    await first.stop()
    await using second = createTestApp({ app: same, beside: first })
    await second.start()
    expect(second.running).toBe(true)
  })

  test('sinks find folders in memory, which are those of the process until it starts with fresh ones', async () => {
    const found: unknown[] = []
    const sink: SinkTarget<string> = {
      '~snapstream.sink': ({ scope }) => {
        const folders = scope.get(TEST_FOLDERS_KEY) as Map<string, number>
        folders.set('starts', (folders.get('starts') ?? 0) + 1)
        found.push(folders.get('starts'))
        return { write() {}, flush() {} }
      },
    }
    const app = createApp()
    app.snap(Topic('input', { groupId: 'shout' }), { sink: [sink] })(({ value }) => value)
    await using test = createTestApp({ app })
    await test.start()
    await test.restart()
    await test.restart({ crash: true })
    await test.restart({ freshFolder: true })
    expect(found).toEqual([1, 2, 3, 1])
  })

  test('records that are piped before the start are read', async () => {
    const app = createApp()
    const seen: string[] = []
    app.snap(Topic('past', { groupId: null, until: 'end' }))(({ value }) => void seen.push(value))
    await using test = createTestApp({ app })
    await test.topic('past').pipe('a')
    await test.topic('past').pipe('b')
    await test.start()
    expect([seen, test.running]).toEqual([['a', 'b'], false])
  })

  test('pipe takes tombstones and partitions, and output keeps the order of writing', async () => {
    const { app, output } = shouting()
    await using test = createTestApp({ app, partitions: 2, topics: { input: 3 } })
    await test.start()
    const input = test.topic('input')
    for (const [i, value] of ['a', 'b', 'c', 'd'].entries()) await input.pipe(value, { key: String(i) })
    await input.pipe(null, { key: 'gone' })
    expect((await test.topic(output).readAll()).map(({ value }) => value)).toEqual(['A', 'B', 'C', 'D'])
    const piped = await input.readAll()
    expect(piped.map(({ value }) => value)).toEqual(['a', 'b', 'c', 'd', null])
    expect(await input.committed('shout')).toHaveLength(3)
    await input.pipe('x', { partition: 2 })
    await expect(input.pipe('x', { partition: 3 })).rejects.toThrow('3')
    expect((await input.read())?.partition).toBe(2)
  })

  test('an output that does not decode is reported and does not block the others', async () => {
    await using test = createTestApp({ app: shouting().app })
    await test.topic('numbers').pipe('x')
    await test.topic('numbers').pipe('1')
    const numbers = test.topic('numbers', { codec: json<number>() })
    await expect(numbers.read()).rejects.toMatchObject({ code: 'DECODE_FAILED', offset: 0 })
    expect((await numbers.read())?.value).toBe(1)
  })

  test('null headers, 64-bit timestamps and unreadable headers are kept as on a broker', async () => {
    const headers = [
      ['trace', null],
      ['trace', new Uint8Array(0)],
    ] as const
    const unreadable = Uint8Array.from([2, 4, 0xc3, 0x28, 2, 0x76])
    const errors: unknown[] = []
    const input = Topic('input', { groupId: 'g' })
    const output = Topic('output')
    const app = createApp()
    const onError = (error: Error, record: object) => {
      errors.push(error, record)
      return 'skip' as const
    }
    app.snap(input, { sink: [output], onError })(({ key, value, headers }) => [key, value, { headers }])
    await using test = createTestApp({ app })
    await test.start()
    await test.topic(input).pipe('a', { headers, timestamp: 1_796_024_387_239_123_457n })
    await test.topic(input).pipe('b', { headers: unreadable, timestamp: -1 })
    await test.topic(input).pipe('c', { timestamp: -1 })
    await test.topic(input).pipe('d', { timestamp: -86_400_000 })
    expect(await test.topic(output).readAll()).toMatchObject([
      { value: 'a', headers, exactTimestamp: 1_796_024_387_239_123_457n },
      { value: 'c', headers: [], timestamp: -1 },
      { value: 'd', timestamp: -86_400_000 },
    ])
    expect(errors).toMatchObject([
      { code: 'DECODE_FAILED', topic: 'input', partition: 0, offset: 1 },
      { value: Uint8Array.from([0x62]), headers: [], headerBytes: unreadable, timestamp: -1 },
    ])
    for (const refused of [{ timestamp: 1.5 }, { timestamp: 2n ** 63n }, { headers: Uint8Array.from([2]) }])
      await expect(test.topic(input).pipe('e', refused)).rejects.toMatchObject({ code: 'SINK_REFUSED' })
  })

  test('retries wait for the clock of the test, and the dead letter has the error', async () => {
    const dead = Topic('dead')
    const { app, output, input } = shouting()
    const other = createApp()
    let tries = 0
    other.snap(input, { sink: [output], onError: { retries: 2, backoffMs: 1000, deadLetter: dead } })(() => {
      tries++
      throw new Error('out of order')
    })
    expect(app.bindings.length).toBe(1)
    await using test = createTestApp({ app: other })
    await test.start()
    await test.topic(input).pipe('a', { key: 'k' })
    expect(tries).toBe(1)
    await test.advance(999)
    expect(tries).toBe(1)
    await test.advance(1)
    expect(tries).toBe(2)
    expect(await test.topic(dead).read()).toBeUndefined()
    await test.advance(2000)
    expect(tries).toBe(3)
    const letter = await test.topic(dead).read()
    expect(letter).toMatchObject({ key: 'k', value: 'a' })
    const reason = letter?.headers.find(([name]) => name === 'snapstream.error.message')
    expect(text(reason?.[1])).toContain('out of order')
  })

  test('a failure rejects only the call during which it happens', async () => {
    const { input } = shouting()
    const app = createApp()
    app.snap(input)(() => {
      throw new Error('boom')
    })
    await using test = createTestApp({ app })
    await test.start()
    await expect(test.topic(input).pipe('a')).rejects.toMatchObject({ code: 'HANDLER_FAILED', offset: 0 })
    expect([test.running, await test.topic(input).committed()]).toEqual([false, [undefined]])
    await test.start().then(
      () => expect.unreachable(),
      (error: Error) => expect(error.message).toContain('boom'),
    )
  })

  test('close() rejects with a failure that no call has reported', async () => {
    const { input } = shouting()
    const app = createApp()
    let fail: (error: Error) => void = () => {}
    app.snap(input)(() => new Promise<void>((_, reject) => (fail = reject)))
    const test = createTestApp({ app, patienceMs: 20 })
    await test.start()
    await test.topic(input).pipe('a')
    fail(new Error('late'))
    await expect(test.close()).rejects.toThrow('late')
    await test.close()
  })

  test('a crash repeats only messages that were not committed', async () => {
    const seen: string[] = []
    const input = Topic('input', { groupId: 'g' })
    const output = Topic('output')
    const app = createApp()
    app.snap(input, { sink: [output] })(({ value }) => {
      seen.push(value)
      return value
    })
    await using test = createTestApp({ app })
    await test.start()
    await test.topic(input).pipe('a')
    await test.advance(1000)
    await test.topic(input).pipe('b')
    await test.restart({ crash: true })
    expect(seen).toEqual(['a', 'b', 'b'])
    expect((await test.topic(output).readAll()).map(({ value }) => value)).toEqual(['a', 'b', 'b'])
    await test.restart()
    expect([seen.length, await test.topic(input).lag()]).toEqual([3, 0])
  })

  test('a handler that a crash interrupts has no further effect', async () => {
    const input = Topic('input', { groupId: 'g' })
    const output = Topic('output')
    const app = createApp()
    const gates: (() => void)[] = []
    app.snap(input, { sink: [output] })(async ({ value }) => {
      await new Promise<void>((resolve) => gates.push(resolve))
      await output(`called ${value}`)
      return value
    })
    await using test = createTestApp({ app, patienceMs: 20 })
    await test.start()
    await test.topic(input).pipe('a')
    await test.topic(input).pipe('b')
    await test.crash()
    await test.start()
    expect(gates.length).toBe(2)
    gates[0]?.()
    await test.run()
    // The handler of the dead process called a topic object that is open again in the new process.
    gates[1]?.()
    await test.run()
    gates[2]?.()
    await test.run()
    const values = (await test.topic(output).readAll()).map(({ value }) => value)
    expect(values.filter((value) => value === 'a')).toEqual(['a'])
    expect(values.filter((value) => value === 'b')).toEqual(['b'])
  })

  test('a crash drops writes that were not flushed', async () => {
    const { input } = shouting()
    const app = createApp()
    const inserts: string[][] = []
    app.snap(input, { sink: [batch((rows: string[]) => void inserts.push(rows), { maxMs: 500 })] })(
      ({ value }) => value,
    )
    await using test = createTestApp({ app })
    await test.start()
    await test.topic(input).pipe('a')
    await test.crash()
    await test.advance(5000)
    expect(inserts).toEqual([])
    await test.start()
    await test.topic(input).pipe('b')
    await test.advance(499)
    expect(inserts).toEqual([])
    await test.advance(1)
    expect(inserts).toEqual([['a', 'b']])
    expect(await test.topic(input).lag()).toBe(2)
    await test.stop()
    expect(await test.topic(input).lag()).toBe(0)
  })

  test('a second member takes partitions over after messages in flight are committed', async () => {
    const { app, input, output } = shouting()
    await using test = createTestApp({ app, partitions: 2 })
    await test.start()
    await test.topic(input).pipe('a', { partition: 0 })
    await test.topic(input).pipe('b', { partition: 1 })
    expect(await test.topic(input).committed()).toEqual([undefined, undefined])
    const member = await test.join(input)
    expect(await test.topic(input).committed()).toEqual([1, 1])
    expect(member.partitions.length).toBe(1)
    const theirs = member.partitions[0]?.partition as number
    await test.topic(input).pipe('c', { partition: theirs })
    expect((await test.topic(output).readAll()).map(({ value }) => value)).toEqual(['A', 'B'])
    await member.leave()
    expect((await test.topic(output).readAll()).map(({ value }) => value)).toEqual(['C'])
    await test.rebalance(input)
    await test.topic(input).pipe('d')
    expect((await test.topic(output).readAll()).map(({ value }) => value)).toEqual(['D'])
  })

  test('a handler that exceeds the rebalance timeout loses its partition, and its record is read again', async () => {
    Conf({ rebalanceTimeoutMs: 10_000 })
    const input = Topic('input', { groupId: 'g' })
    const app = createApp()
    const gates: (() => void)[] = []
    app.snap(input)(() => new Promise<void>((resolve) => gates.push(resolve)))
    await using test = createTestApp({ app, patienceMs: 20, partitions: 2 })
    await test.start()
    await test.topic(input).pipe('a', { partition: 0 })
    const member = await test.join(input)
    expect(member.partitions).toEqual([])
    await test.advance(9999)
    expect(member.partitions).toEqual([])
    await test.advance(1)
    expect(member.partitions.length).toBeGreaterThan(0)
    gates[0]?.()
    await test.advance(1000)
    expect(await test.topic(input).committed()).toEqual([undefined, undefined])
    await member.leave()
    expect(gates.length).toBe(2)
    gates[1]?.()
    await test.advance(1000)
    expect(await test.topic(input).committed()).toEqual([1, undefined])
  })

  test('a handler that never resolves delays the end only up to its timeout, which the error names', async () => {
    const { input } = shouting()
    const app = createApp()
    app.snap(input)(() => new Promise<void>(() => {}))
    const test = createTestApp({ app, patienceMs: 20, shutdownMs: 5000 })
    await test.start()
    await test.topic(input).pipe('a')
    await expect(test.close()).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT' })
    expect([test.running, test.now]).toEqual([false, 4500])
  })

  test('health() has the lag, and events report what happens to the app', async () => {
    const { input } = shouting()
    const app = createApp()
    const lanes: unknown[] = []
    app.on('assigned', (event) => lanes.push(...event.lanes))
    const gates: (() => void)[] = []
    app.snap(input, { name: 'waits' })(() => new Promise<void>((resolve) => gates.push(resolve)))
    await using test = createTestApp({ app, patienceMs: 20 })
    for (const value of ['a', 'b', 'c']) await test.topic(input).pipe(value)
    await test.start()
    expect(app.health()).toMatchObject({ ready: true, bindings: [{ name: 'waits', lag: 3, inFlight: 1, handled: 0 }] })
    gates[0]?.()
    await test.run()
    expect(app.health().bindings).toMatchObject([{ lag: 2, inFlight: 1, handled: 1 }])
    expect(lanes).toEqual(['input/0'])
    gates[1]?.()
    await test.run()
    gates[2]?.()
    await test.run()
    expect(app.health().bindings).toMatchObject([{ lag: 0, inFlight: 0, handled: 3 }])
  })

  test('with readyLag the app is ready once it has caught up, empty partitions included', async () => {
    const input = Topic('input', { groupId: 'g' })
    const empty = Topic('empty', { groupId: 'g' })
    const app = createApp()
    const gates: (() => void)[] = []
    app.snap(input, empty)(() => new Promise<void>((resolve) => gates.push(resolve)))
    await using test = createTestApp({ app, topics: { input: 3, empty: 2 }, patienceMs: 20, readyLag: 1 })
    for (const value of ['a', 'b', 'c']) await test.topic(input).pipe(value, { partition: 1 })
    await test.start()
    const seen = [app.health().ready]
    for (let i = 0; i < 3; i++) {
      gates[i]?.()
      await test.run()
      seen.push(app.health().ready)
    }
    for (const value of ['d', 'e', 'f']) await test.topic(input).pipe(value)
    expect(app.health()).toMatchObject({ ready: true, bindings: [{ lag: 3 }] })
    expect(seen).toEqual([false, false, true, true])
    for (let i = 3; i < 6; i++) {
      gates[i]?.()
      await test.run()
    }
  })

  test('a member without a partition is ready, even with readyLag', async () => {
    // The first member by name gets the partition: this name is the last one.
    const input = Topic('input', { groupId: 'g', conf: { clientId: 'zebra' } })
    const app = createApp()
    app.snap(input)(() => {})
    await using test = createTestApp({ app, readyLag: 0 })
    const others = [await test.join(input), await test.join(input)]
    await test.start()
    await test.topic(input).pipe('a')
    expect(others.flatMap(({ partitions }) => partitions)).toHaveLength(1)
    expect(app.health()).toMatchObject({ ready: true, bindings: [{ lag: undefined, handled: 0 }] })
  })

  test('a test app supports patterns and the number of partitions of a topic', async () => {
    const app = createApp()
    const seen: unknown[] = []
    app.snap(Topic(/^orders-/, { groupId: 'g' }))(({ topic, value }) => void seen.push([topic, value]))
    await using test = createTestApp({ app, topics: { 'orders-eu': 1, 'orders-us': 2 } })
    await test.start()
    await test.topic('orders-eu').pipe('a')
    await test.topic('orders-us').pipe('b')
    expect(seen).toEqual([
      ['orders-eu', 'a'],
      ['orders-us', 'b'],
    ])
    const wide = test.topic(Topic('wide', { create: { partitions: 5 } }))
    expect(await wide.committed('g')).toHaveLength(5)
    expect(() => test.topic(Topic(/x/))).toThrow('is not one topic')
    expect(() => test.topic({} as never)).toThrow('takes the name of a topic')
  })

  test.each([
    [{ partition: 2 }, "did you mean 'partitions'?"],
    [{ partitions: 0 }, 'partitions of createTestApp takes a number of 1 or more, got 0'],
    [{ startMs: Number.NaN }, 'startMs'],
    [{ topics: { a: 1.5 } }, 'got 1.5 for a'],
  ])('refuses %j', async (options, message) => {
    expect(() => createTestApp(options as object)).toThrow(message)
    await expect(createTestApp().advance(-1)).rejects.toThrow('advance takes 0 ms or more')
  })

  test('topics in use write with the clock of the test', async () => {
    const { input } = shouting()
    const audit = Topic('audit')
    const app = createApp()
    app.snap(input, { use: [audit] })(async ({ value }) => audit(`saw ${value}`))
    await using test = createTestApp({ app, startMs: 5_000_000 })
    await test.start()
    await test.topic(input).pipe('a')
    expect(await test.topic(audit).read()).toMatchObject({ value: 'saw a', timestamp: 5_000_000 })
    await test.restart({ crash: true })
    expect(await test.topic(audit).read()).toMatchObject({ value: 'saw a' })
  })

  test('advance() waits for a handler with real asynchronous work', async () => {
    const { input, output } = shouting()
    const app = createApp()
    app.snap(input, { sink: [output] })(async ({ value }) => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return value
    })
    await using test = createTestApp({ app })
    await test.start()
    await test.topic(input).pipe('a')
    expect((await test.topic(output).read())?.value).toBe('a')
  })

  test('retention deletes old records by the clock of the test', async () => {
    const { app } = shouting()
    await using test = createTestApp({ app, retention: { ms: 60_000 } })
    await test.topic('old').pipe('a')
    await test.advance(60_001)
    await test.topic('old').pipe('b')
    expect((await test.topic('old').readAll()).map(({ value }) => value)).toEqual(['b'])
  })

  test('thousands of steps give the same result in every run', async () => {
    const play = async () => {
      const { app, input, output } = shouting({ onError: { retries: 3, backoffMs: 10 } })
      await using test = createTestApp({ app, partitions: 3 })
      await test.start()
      for (let i = 0; i < 500; i++) {
        await test.topic(input).pipe(`v${i}`, { key: `k${i % 7}` })
        if (i % 50 === 0) await test.restart({ crash: i % 100 === 0 })
        if (i % 3 === 0) await test.advance(400)
      }
      return test.topic(output).readAll()
    }
    const first = await play()
    expect(first.length).toBeGreaterThanOrEqual(500)
    expect(await play()).toEqual(first)
  })
})
