import { describe, expect, expectTypeOf, test } from 'vitest'
import { createApp } from '../app.ts'
import type { BatchSource, Failure, Resource, SinkTarget, SinkWriter } from '../protocol.ts'
import { SnapstreamError } from '../error.ts'
import { route } from './route.ts'
import { fakeSink, fakeSource } from '../suite/fakes.ts'

type Named = 'a' | 'b' | 'c'
const names: readonly Named[] = ['a', 'b', 'c']

/** Sinks that log under their names. */
function sinks(log: string[], overrides: Partial<SinkWriter<unknown>> = {}) {
  const named = (name: string) =>
    fakeSink([], {
      write: (value) => void log.push(`${name} ${String(value)}`),
      flush: () => void log.push(`flush ${name}`),
      close: () => void log.push(`close ${name}`),
      ...overrides,
    })
  return { a: named('a'), b: named('b'), c: named('c') }
}

describe('route', () => {
  test('writes to one, several or no picked sinks, in their order, each once', async () => {
    const log: string[] = []
    const app = createApp()
    const ways: Record<number, Named | readonly Named[] | undefined> = {
      1: 'b',
      2: ['c', 'a', 'c'],
      3: undefined,
      4: [],
    }
    app.snap([1, 2, 3, 4], { sink: [route(sinks(log), (n: number) => ways[n])] })((n) => n)
    await app.stream()
    expect(log).toEqual(['b 1', 'c 2', 'a 2', 'flush a', 'flush b', 'flush c', 'close c', 'close b', 'close a'])
  })

  test('accepts functions and waits for them, and returns no promise otherwise', async () => {
    const log: string[] = []
    const slow = async (n: number) => {
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`slow ${n}`)
    }
    const target = route({ slow, quick: (n: number) => log.push(`quick ${n}`) }, (n: number) =>
      n % 2 === 1 ? (['slow', 'quick'] as const) : 'quick',
    )
    const app = createApp()
    app.snap([1, 2], { sink: [target] })((n) => n)
    await app.stream()
    expect(log).toEqual(['slow 1', 'quick 1', 'quick 2'])
  })

  test.each(['d', 'constructor', '__proto__', null, 7, ['a', 'd']])(
    'a name that does not exist (%j) fails only its value, and no sink gets that value',
    async (wrong) => {
      const log: string[] = []
      const failures: Failure[] = []
      const app = createApp()
      const out = route(sinks(log), (n: number) => (n === 1 ? (wrong as 'a') : 'b'))
      app.snap([1, 2], { sink: [out], onError: { deadLetter: (failure) => failures.push(failure) } })((n) => n)
      await app.stream()
      expect(log.filter((line) => !/flush|close/.test(line))).toEqual(['b 2'])
      expect(failures).toMatchObject([{ message: 1, error: { code: 'SINK_REFUSED' } }])
      expect(failures[0]?.error.message).toContain('it has a, b, c')
    },
  )

  test('stops by default, and names the refused value', async () => {
    const app = createApp()
    app.snap([1], { sink: [route(sinks([]), () => 'd' as 'a')] })((n) => n)
    await expect(app.stream()).rejects.toMatchObject({
      code: 'SINK_REFUSED',
      message: 'sink 1 of handler 1 failed: route has no sink "d" for 1; it has a, b, c',
    })
  })

  test('a sink that fails to flush fails the run, and the others are still flushed', async () => {
    const log: string[] = []
    const bad = fakeSink([], { flush: () => Promise.reject(new Error('disk full')) })
    const app = createApp()
    const source = fakeSource(log, [{ lane: 'x', messages: [1] }])
    app.snap(source, { sink: [route({ bad, ...sinks(log) }, () => 'a')] })((n) => n)
    await expect(app.stream()).rejects.toMatchObject({ code: 'SINK_FAILED' })
    expect(log).toEqual(expect.arrayContaining(['a 1', 'flush a', 'flush b', 'flush c', 'close a']))
    expect(log.join()).not.toContain('commit')
  })

  test('opens resources, and closes the opened ones if another fails to open', async () => {
    const log: string[] = []
    const resource = (name: string, fails = false): SinkTarget<unknown> & Resource => ({
      ...fakeSink([], { close: () => void log.push(`close writer ${name}`) }),
      async open() {
        log.push(`open ${name}`)
        if (fails) throw new Error(`${name} is not there`)
      },
      close: async () => void log.push(`close ${name}`),
    })
    const app = createApp()
    app.snap([1], { sink: [route({ a: resource('a'), b: resource('b', true) }, () => 'a')] })((n) => n)
    await expect(app.stream()).rejects.toThrow('b is not there')
    expect(log).toEqual(['open a', 'open b', 'close writer a', 'close a'])
  })

  test('passes the failure on as a dead letter', async () => {
    const log: string[] = []
    const keeps = fakeSink(log, { writeFailure: ({ message }) => void log.push(`kept ${String(message)}`) })
    const app = createApp()
    const deadLetter = route({ keeps, other: fakeSink(log) }, ({ message }: Failure) =>
      message === 1 ? 'keeps' : 'other',
    )
    app.snap([1, 2], { onError: { deadLetter } })(() => {
      throw new Error('no')
    })
    await app.stream()
    expect(log.slice(0, 2)).toEqual(['kept 1', 'write [object Object]'])
  })

  test('an atomic sink stays atomic, and is refused beside others', async () => {
    const log: string[] = []
    const source = fakeSource(log, [{ lane: 'x', messages: [1] }])
    const atomic = fakeSink(log, { atomic: true, positions: () => new Map([['x', 1]]) })
    const app = createApp()
    app.snap(source, { sink: [route({ atomic }, () => 'atomic')] })((n) => n)
    await app.stream()
    expect(log.join()).toContain('flush')
    expect(log.join()).not.toContain('commit')
    app.snap(source, { sink: [route({ atomic, ...sinks(log) }, () => 'a')] })((n) => n)
    await expect(app.stream()).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(
        /of one transaction, such as a cache .*; bind the others beside the route/,
      ) as string,
    })
  })

  test('a cycle through a route is found', async () => {
    const topic = { ...fakeSource([], []), ...fakeSink([]) }
    const app = createApp()
    app.snap(topic, { sink: [route({ nested: route({ topic }, () => 'topic') }, () => 'nested')] })((n) => n)
    await expect(app.stream()).rejects.toMatchObject({ code: 'CYCLE' })
  })

  test('refuses values that are not sinks', () => {
    expect(() => route({}, () => undefined)).toThrow('at least one sink')
    expect(() => route({ a: 1 as never }, () => 'a')).toThrow(
      new SnapstreamError('USAGE', 'sink a of route has to be a topic, a cache or a function, got 1'),
    )
    expect(() => route(sinks([]), 'a' as never)).toThrow(
      new SnapstreamError('USAGE', 'the second argument of route has to be a function, got "a"'),
    )
  })

  test('types: the values and the names of sinks', () => {
    interface Order {
      readonly id: number
    }
    interface Refund extends Order {
      readonly reason: string
    }
    interface Reading {
      readonly celsius: number
    }
    const cases = (
      orders: SinkTarget<Order>,
      refunds: SinkTarget<Refund>,
      readings: SinkTarget<Reading>,
      source: BatchSource<Order | Reading>,
    ) => {
      const { snap } = createApp()
      const mixed = route({ orders, readings }, (value: Order | Reading) => ('id' in value ? 'orders' : 'readings'))
      expectTypeOf(mixed).toEqualTypeOf<SinkTarget<Order | Reading>>()
      snap(source, { sink: [mixed] })((value) => value)
      expectTypeOf(route({ orders, readings }, (value) => ('id' in value ? 'orders' : undefined))).toExtend<
        SinkTarget<Order>
      >()
      route({ orders, refunds }, (refund: Refund) => [refund.id > 0 ? 'orders' : 'refunds'] as const)
      route({ orders, log: console.log }, (value: Order) => (value.id > 0 ? 'orders' : 'log'))
      // @ts-expect-error a name that does not exist
      route({ orders, readings }, (value: Order) => (value.id > 0 ? 'orders' : 'reedings'))
      // The value has to fit only the sinks that are named.
      const one = route({ orders, readings }, (value: Order | Reading) => ('id' in value ? 'orders' : undefined))
      expectTypeOf(one).toEqualTypeOf<SinkTarget<Order>>()
      // @ts-expect-error no sink that is named takes readings
      snap(source, { sink: [one] })((value: Order | Reading) => value)
      const strict = route({ orders }, (order: Order) => (order.id > 0 ? 'orders' : undefined))
      // @ts-expect-error the sink takes orders
      snap(['a'], { sink: [strict] })((value) => value)
    }
    expect(names.length).toBe(3)
    expect(cases).toBeTypeOf('function')
  })
})
