import { describe, expect, test, vi } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { BatchSource, Events, StreamOptions } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'

export function watchdogSuite({ createApp }: Core): void {
  const never = () => new Promise<never>(() => {})

  /** An app on virtual time, with its stalls, that is stopped at the end of a test. */
  function watched() {
    const host = createVirtualHost()
    const exits: number[] = []
    const app = createApp({ host: { ...host, exit: (code) => exits.push(code) } })
    const stalls: Events['stall'][] = []
    app.on('stall', (stall) => stalls.push(stall))
    const stop = new AbortController()
    let running: Promise<unknown> = Promise.resolve()
    return {
      host,
      app,
      stalls,
      exits,
      start(options: StreamOptions = {}) {
        running = app.stream({}, { signal: stop.signal, ...options }).catch((thrown: unknown) => thrown)
      },
      async end() {
        stop.abort()
        const error = await host.settle(running)
        expect(host.timers).toBe(0)
        return error
      },
    }
  }
  const sleep = (host: { setTimeout(f: () => void, ms: number): unknown }, ms: number) =>
    new Promise<void>((resolve) => void host.setTimeout(resolve, ms))

  describe('the watchdog', () => {
    test('names a handler that never settles, and its messages', async () => {
      const { host, app, stalls, start, end } = watched()
      const lanes = [
        { lane: 'a', messages: ['x', 'hangs'] },
        { lane: 'b', messages: [1, 2, 3, 4, 5].map(() => 'fine') },
      ]
      app.snap(fakeSource([], lanes, { live: true }), { name: 'slow' })((m) =>
        m === 'hangs' ? never() : sleep(host, 30_000),
      )
      start()
      await host.advance(110_000)
      // It was started at 30 s, and seen at 45 s; the other lane gets on.
      expect(stalls).toEqual([
        {
          binding: 'slow',
          waitsFor: 'handler',
          forMs: 60_000,
          lag: undefined,
          inFlight: [
            { topic: 'orders', partition: 3, offset: 41, key: 'k', forMs: 60_000 },
            {
              topic: 'orders',
              partition: 3,
              offset: expect.any(Number) as number,
              key: 'k',
              forMs: expect.any(Number) as number,
            },
          ],
        },
      ])
      expect(app.health()).toMatchObject({ live: false, ready: true, bindings: [{ state: 'stalled', inFlight: 2 }] })
      await host.advance(500_000)
      expect(stalls).toHaveLength(1)
      expect(await end()).toMatchObject({ code: 'SHUTDOWN_TIMEOUT' })
    })

    test('tells again when it stands still again, and is live in between', async () => {
      const { host, app, stalls, start, end } = watched()
      app.snap([150, 10, 150])((ms) => sleep(host, ms))
      start({ stallMs: 100 })
      await host.advance(145)
      expect([stalls.length, app.health().live]).toEqual([1, false])
      await host.advance(60)
      expect([stalls.length, app.health().live]).toEqual([1, true])
      await host.advance(100)
      expect([stalls.length, app.health().live]).toEqual([2, false])
      expect(await end()).toBeUndefined()
    })

    test('names a flush and a commit that never settle, also when all sources have ended', async () => {
      for (const waitsFor of ['flush', 'commit'] as const)
        for (const live of [true, false]) {
          const { host, app, stalls, start, end } = watched()
          const source = fakeSource([], [{ lane: 'a', messages: [1] }], { live })
          const hangs: BatchSource<unknown> = {
            '~snapstream.source': async (options) => ({
              ...(await source['~snapstream.source'](options)),
              commit: never,
            }),
          }
          const sink = fakeSink([], { ...(waitsFor === 'flush' && { flush: never }) })
          app.snap(waitsFor === 'commit' ? hangs : source, { name: 'stuck', sink: [sink] })((n) => n)
          app.snap([1], { name: 'other' })(() => {})
          start()
          await host.advance(80_000)
          expect(stalls).toMatchObject([{ binding: 'stuck', waitsFor, forMs: 60_000, inFlight: [] }])
          expect(app.health()).toMatchObject({ live: false })
          await end()
        }
    })

    test('names a source that has more and gives nothing', async () => {
      const { host, app, stalls, start, end } = watched()
      let lag = 0
      const source: BatchSource<unknown> = {
        '~snapstream.source': async (options) => ({
          ...(await fakeSource([], [{ lane: 'a', messages: [1] }], { live: true })['~snapstream.source'](options)),
          lag: () => lag,
        }),
      }
      app.snap(source, { name: 'waits' })(() => {})
      start()
      await host.advance(300_000)
      expect(stalls).toEqual([])
      lag = 5
      await host.advance(80_000)
      expect(stalls).toEqual([{ binding: 'waits', waitsFor: 'source', forMs: 60_000, lag: 5, inFlight: [] }])
      lag = 0
      await host.advance(20_000)
      expect(app.health().live).toBe(true)
      await end()
    })

    test('leaves alone what gets on: retries, generators that yield, sources with nothing to give', async () => {
      const { host, app, stalls, start, end } = watched()
      app.snap(fakeSource([], [], { live: true }))(() => {})
      app.snap([1], { onError: () => 'retry' })(async () => {
        await sleep(host, 50)
        throw new Error('not yet')
      })
      app.snap([1], { sink: [() => {}] })(async function* () {
        for (;;) {
          await sleep(host, 80)
          yield 1
        }
      })
      app.snap([1], { onError: { retries: 1, backoffMs: 5000 } })(() => {
        if (host.now() < 4000) throw new Error('not yet')
      })
      start({ stallMs: 100 })
      await host.advance(20_000)
      expect(stalls).toEqual([])
      await end()
    })

    test('does not hold against messages that the process stood still', async () => {
      const { host, app, stalls, start, end } = watched()
      app.snap([1])(() => sleep(host, 61_000))
      start()
      // What was due in these hours is done in their last moment.
      const { now } = host
      host.now = () => now() + (now() > 20_000 ? 3_600_000 : 0)
      await host.advance(70_000)
      expect(stalls).toEqual([])
      await end()
    })

    test('ends the process on demand, with a code of its own', async () => {
      const { host, app, stalls, exits, start, end } = watched()
      app.snap([1])(never)
      start({ exitOnStall: true, stallMs: 1000 })
      await host.advance(1200)
      expect(exits).toEqual([])
      await host.advance(50)
      expect([exits, stalls.length]).toEqual([[75], 1])
      await end()
    })

    test('without a listener and a logger goes to the console; with Infinity there is none', async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
      for (const stallMs of [50, Infinity]) {
        const host = createVirtualHost()
        const app = createApp({ host })
        app.snap([1], { name: 'hung' })(never)
        const stop = new AbortController()
        const running = app.stream({}, { stallMs, signal: stop.signal }).catch(() => {})
        await host.advance(100_000)
        stop.abort()
        await host.settle(running)
      }
      expect(warn.mock.calls.map(([line]: readonly unknown[]) => line)).toEqual([
        'snapstream stall: binding "hung", waitsFor "handler", forMs 50, inFlight (forMs 50)',
      ])
      warn.mockRestore()
    })

    test.each([{ stallMs: 0 }, { stallMs: Number.NaN }, { exitOnStall: 1 }, { stalMs: 1 }])(
      'refuses %j',
      async (options) => {
        const app = createApp()
        app.snap([1])(() => {})
        await expect(app.stream({}, options as StreamOptions)).rejects.toMatchObject({ code: 'USAGE' })
      },
    )
  })

  describe('maxProcessingMs', () => {
    test('fails the stream, and names the message', async () => {
      for (const concurrency of [1, 2]) {
        const { host, app, start, end } = watched()
        const log: string[] = []
        const lanes = [{ lane: 'a', messages: [{ key: 1 }, { key: 1, hangs: true }] }]
        const source = fakeSource(log, lanes, { live: true })
        app.snap(source, { name: 'slow', concurrency, maxProcessingMs: 400 })((message) =>
          'hangs' in (message as object) ? never() : sleep(host, 399),
        )
        start({ shutdownMs: 1000 })
        const events: number[] = []
        app.on('stopping', () => events.push(host.now()))
        await host.advance(2000)
        const error = await end()
        expect(error).toMatchObject({
          code: 'PROCESSING_TIMEOUT',
          binding: 'slow',
          topic: 'orders',
          partition: 3,
          offset: 41,
          key: 'k',
          message: 'slow at orders/3 offset 41 has taken 400 ms; maxProcessingMs is 400',
        })
        // After 400 ms and at most one look.
        expect(events[0]).toBeGreaterThanOrEqual(799)
        expect(events[0]).toBeLessThanOrEqual(899)
        expect(log).toContain('commit a=1')
      }
    })

    test('is for one try, the sinks included, and does not count waits for retries', async () => {
      const { host, app, start, end } = watched()
      let tries = 0
      const handled: number[] = []
      app.snap([1], {
        maxProcessingMs: 100,
        sink: [(n: number) => sleep(host, 40).then(() => handled.push(n))],
        onError: { retries: 3, backoffMs: 1000 },
      })(async (n) => {
        await sleep(host, 50)
        if (++tries < 3) throw new Error('not yet')
        return n
      })
      start()
      await host.advance(10_000)
      expect(handled).toEqual([1])
      expect(await end()).toBeUndefined()
    })

    test('covers a sink that does not take what it is given', async () => {
      const { host, app, start, end } = watched()
      app.snap([1], { name: 'full', maxProcessingMs: 100, sink: [never] })((n) => n)
      start({ shutdownMs: 10 })
      await host.advance(1000)
      expect(await end()).toMatchObject({ code: 'PROCESSING_TIMEOUT', binding: 'full' })
    })

    test('takes a number', () => {
      const app = createApp()
      expect(() => app.snap([1], { maxProcessingMs: 0 })(() => {})).toThrow('maxProcessingMs of handler 1')
    })
  })
}
