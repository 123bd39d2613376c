import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { createApp } from '../app.ts'
import { SnapstreamError } from '../error.ts'
import { batch } from './batch.ts'
import type { BatchOptions } from './batch.ts'
import type { Host } from '../host.ts'
import type { BatchSource } from '../protocol.ts'
import { fakeSource } from '../suite/fakes.ts'
import { createVirtualHost } from '../testing/index.ts'

const pause = (host: Host, ms: number) => new Promise<void>((resolve) => host.setTimeout(resolve, ms))

/** A source of numbers from 0, each after a wait. Reports how many are acknowledged. */
function numbers(waits: readonly number[], committed: (count: number) => void): BatchSource<number> {
  return {
    '~snapstream.source'({ host }) {
      let next = 0
      let cancel = () => {}
      return {
        async read() {
          const wait = waits[next]
          if (wait === undefined) return undefined
          if (wait > 0) await new Promise<void>((resolve) => (cancel = host.setTimeout(resolve, wait)))
          const n = next++
          return { lane: 0, messages: [n], bytes: 0, position: (count) => n + count, done() {} }
        },
        commit: (positions) => committed(Number(positions.get(0))),
        close: () => cancel(),
      }
    },
  }
}

/** Runs numbers through a batch on virtual time and returns the calls with their times. */
async function run(
  options: BatchOptions,
  waits: readonly number[],
  fn: (values: number[]) => unknown,
  run = {},
  random = 0,
) {
  const host = createVirtualHost({ random: () => random })
  const calls: { readonly at: number; readonly values: readonly number[] }[] = []
  const app = createApp({ host })
  const sink = batch(function insert(values: number[]) {
    calls.push({ at: host.now(), values: [...values] })
    return fn(values)
  }, options)
  let acknowledged = 0
  app.snap(
    numbers(waits, (count) => (acknowledged = count)),
    { sink: [sink] },
  )((n) => n)
  const error = await host
    .settle(
      app.stream({}, run).then(
        () => undefined,
        (thrown: unknown) => thrown,
      ),
    )
    .catch((thrown: unknown) => thrown)
  return { host, calls, error, acknowledged, values: calls.map(({ values }) => values) }
}

const nothing = () => {}

describe('batch', () => {
  test('calls the function with maxCount values, and at the end with the remaining ones', async () => {
    const { values, error, acknowledged } = await run({ maxCount: 2 }, [0, 0, 0, 0, 0], nothing)
    expect({ values, error, acknowledged }).toEqual({
      values: [[0, 1], [2, 3], [4]],
      error: undefined,
      acknowledged: 5,
    })
  })

  test('calls the function when the oldest value has waited for maxMs, and at every checkpoint', async () => {
    const { calls } = await run({ maxMs: 100 }, [10, 60, 60, 200], nothing, { checkpointMs: 140 })
    expect(calls).toEqual([
      { at: 110, values: [0, 1] },
      { at: 140, values: [2] },
      { at: 330, values: [3] },
    ])
  })

  test('write returns no promise while there is room, and waits when the next batch is full', async () => {
    const host = createVirtualHost()
    const { signal } = new AbortController()
    const sink = batch(() => pause(host, 50), { maxCount: 2 })
    const writer = await sink['~snapstream.sink']({ host, signal, scope: new Map(), trouble() {}, sources: [] })
    const answers = [1, 2, 3].map((n) => writer.write(n))
    expect(answers).toEqual([undefined, undefined, undefined])
    let room = false
    const full = Promise.resolve(writer.write(4)).then(() => (room = true))
    await host.advance(49)
    expect(room).toBe(false)
    await host.advance(1)
    expect(room).toBe(true)
    await full
    await host.settle(Promise.resolve(writer.close?.()))
    expect(host.timers).toBe(0)
  })

  test('sets one timer for any number of values', async () => {
    const host = createVirtualHost()
    const { signal } = new AbortController()
    const sink = batch(nothing, { maxCount: 1000, maxMs: 50 })
    const writer = await sink['~snapstream.sink']({ host, signal, scope: new Map(), trouble() {}, sources: [] })
    for (let n = 0; n < 10_500; n++) void writer.write(n)
    expect(host.timers).toBe(1)
    await host.advance(50)
    await writer.close?.()
    expect(host.timers).toBe(0)
  })

  test('a failure stops the stream at the checkpoint, and values since the last one are not acknowledged', async () => {
    let calls = 0
    const { error, acknowledged, host } = await run({ maxCount: 2 }, Array<number>(40).fill(100), async () => {
      if (++calls > 3) throw new Error('the table is gone')
    })
    expect(error).toMatchObject({
      code: 'SINK_FAILED',
      message: 'batch(insert) with 2 values failed: the table is gone',
    })
    // The fourth call fails before the first checkpoint.
    expect([acknowledged, calls, host.timers]).toEqual([0, 4, 0])
  })

  test('a call that throws fails like one that rejects', async () => {
    const { error, acknowledged } = await run({}, [0], () => {
      throw new TypeError('no')
    })
    expect([error, acknowledged]).toEqual([expect.objectContaining({ code: 'SINK_FAILED' }), 0])
  })

  test('retries with the same values, even if the function changes its array', async () => {
    let tries = 0
    const { calls, error } = await run({ maxCount: 2, retries: 3, backoffMs: 10 }, [0, 0, 0], async (values) => {
      while (values.length > 0) values.pop()
      if (++tries < 4) throw new Error('busy')
    })
    expect(error).toBeUndefined()
    expect(calls.map(({ at, values }) => `${at}: ${values.join()}`)).toEqual([
      '0: 0,1',
      '10: 0,1',
      '30: 0,1',
      '70: 0,1',
      '70: 2',
    ])
  })

  test('jitter scales the backoff by a random factor between 0.5 and 1', async () => {
    let tries = 0
    const busy = () => (++tries < 4 ? Promise.reject(new Error('busy')) : undefined)
    const { calls } = await run({ retries: 3, backoffMs: 10 }, [0], busy, {}, 1)
    expect(calls.map(({ at }) => at)).toEqual([0, 5, 15, 35])
  })

  test('after shutdownMs the retries end, and the error counts the values that are left', async () => {
    const host = createVirtualHost()
    const app = createApp({ host })
    const log: string[] = []
    const stop = new AbortController()
    const source = fakeSource(log, [{ lane: 'a', messages: [1, 2] }], { live: true })
    const sink = batch(() => Promise.reject(new Error('busy')), { retries: 1000, backoffMs: 1000 })
    app.snap(source, { sink: [sink] })((n) => n)
    host.setTimeout(() => stop.abort(), 5000)
    const running = app.stream({}, { signal: stop.signal, shutdownMs: 1000 })
    await expect(host.settle(running)).rejects.toMatchObject({
      code: 'SHUTDOWN_TIMEOUT',
      cause: { message: 'busy' },
    })
    expect(log.join()).not.toContain('commit')
    expect(host.now()).toBeLessThan(6000)
    expect(host.timers).toBe(0)
  })

  test('a function that never settles is given up with the stream, and nothing is acknowledged', async () => {
    const host = createVirtualHost()
    const app = createApp({ host })
    const log: string[] = []
    const signals: AbortSignal[] = []
    const sink = batch((_: unknown[], { signal }) => (signals.push(signal), new Promise(() => {})))
    app.snap(fakeSource(log, [{ lane: 'a', messages: [1] }]), { sink: [sink] })((n) => n)
    const stop = new AbortController()
    host.setTimeout(() => stop.abort(), 500)
    await expect(host.settle(app.stream({}, { signal: stop.signal, shutdownMs: 1000 }))).rejects.toMatchObject({
      code: 'SHUTDOWN_TIMEOUT',
      message: 'batch() had 1 value left at the end of shutdownMs; the next run reads their messages again',
    })
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(log.join()).not.toContain('commit')
  })

  test.each([
    [{ maxCount: 0 }, 'maxCount of batch has to be a whole number of 1 or more, got 0'],
    [{ maxCount: 1.5 }, 'maxCount of batch has to be a whole number of 1 or more, got 1.5'],
    [{ maxMs: 0 }, 'maxMs of batch has to be a number of 1 or more, got 0'],
    [{ retries: -1 }, 'retries of batch has to be a whole number of 0 or more, got -1'],
    [{ backoffMs: Number.NaN }, 'backoffMs of batch has to be a number of 0 or more, got NaN'],
    [
      { count: 1 } as BatchOptions,
      'an option of batch has to be one of maxCount, maxMs, retries, backoffMs, got "count"',
    ],
  ])('%j is refused', (options, message) => {
    expect(() => batch(nothing, options)).toThrow(new SnapstreamError('USAGE', message))
  })

  test('keeps its guarantees in random runs', { timeout: 60_000 }, async () => {
    const plan = fc.record({
      waits: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 30 }),
      durations: fc.array(fc.integer({ min: -1, max: 60 }), { minLength: 1, maxLength: 5 }),
      failsAt: fc.option(fc.integer({ min: 1, max: 12 }), { nil: 0 }),
      maxCount: fc.integer({ min: 1, max: 6 }),
      maxMs: fc.option(fc.integer({ min: 1, max: 50 }), { nil: Infinity }),
      retries: fc.integer({ min: 0, max: 1 }),
      checkpointMs: fc.integer({ min: 5, max: 100 }),
    })
    await fc.assert(
      fc.asyncProperty(plan, async ({ waits, durations, failsAt, maxCount, maxMs, retries, checkpointMs }) => {
        const host = createVirtualHost()
        const app = createApp({ host })
        const durable: number[] = []
        const writtenAt: number[] = []
        let calls = 0
        let busy = false
        let idleSince = 0
        let retrying = false
        const insert = (values: number[]) => {
          expect(busy).toBe(false)
          expect(values.length).toBeGreaterThan(0)
          expect(values.length).toBeLessThanOrEqual(maxCount)
          expect(values).toEqual(values.map((_, i) => durable.length + i))
          // No value waits longer than maxMs, unless a call was pending.
          const oldest = writtenAt[durable.length] as number
          expect(retrying || host.now() <= Math.max(oldest + maxMs, idleSince)).toBe(true)
          const fails = ++calls === failsAt
          retrying = fails
          const ms = durations[calls % durations.length] as number
          const end = () => {
            busy = false
            if (fails) throw new Error('fails')
            durable.push(...values)
            idleSince = host.now()
          }
          if (ms < 0) return end()
          busy = true
          return pause(host, ms).then(() => end())
        }
        const source = numbers(waits, (count) => {
          // Acknowledged values are durable.
          expect(count).toBeLessThanOrEqual(durable.length)
        })
        app.snap(source, { sink: [batch(insert, { maxCount, maxMs, retries, backoffMs: 3 })] })((n) => {
          // The values of the call, those of the next batch, and the one that waits for room.
          expect(n - durable.length).toBeLessThanOrEqual(2 * maxCount)
          writtenAt[n] = host.now()
          return n
        })
        const outcome = await host.settle(
          app.stream({}, { checkpointMs }).then(
            () => 'ended',
            (error: unknown) => String(error),
          ),
        )
        const failed = failsAt > 0 && calls >= failsAt && retries === 0
        expect(outcome).toMatch(failed ? /batch\(insert\)/ : /^ended$/)
        expect(failed || durable.length === waits.length).toBe(true)
        expect(host.timers).toBe(0)
      }),
      { numRuns: 1000 },
    )
  })

  test('types flow from the function to the sink', () => {
    const { snap } = createApp()
    expectTypeOf(batch((rows: readonly { id: number }[]) => rows.length)).toEqualTypeOf<
      ReturnType<typeof batch<{ id: number }>>
    >()
    const cases = () => {
      snap([1, 2], { sink: [batch((values: number[]) => void values)] })((n) => n)
      // @ts-expect-error the function takes numbers
      snap([1, 2], { sink: [batch((values: readonly number[]) => void values)] })((n) => String(n))
      // @ts-expect-error a misspelt option
      batch((rows: number[]) => rows.length, { count: 1 })
    }
    expect(cases).toBeTypeOf('function')
  })
})
