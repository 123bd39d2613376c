import { describe, expect, test, vi } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { BatchSource, StreamOptions } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'
import { createWatched, never, sleep } from './watched.ts'

export function watchdogSuite({ createApp }: Core): void {
  const watched = createWatched(createApp)

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
      // The message was started at 30 s and first seen at 45 s; the other lane makes progress.
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

    test('reports each new stall, and is live in between', async () => {
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

    test('names a flush and a commit that never settle, even after all sources have ended', async () => {
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

    test('names a source that has more messages and gives none', async () => {
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

    test('does not report retries, generators that yield, and sources without messages', async () => {
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

    test('does not count time during which the process was suspended', async () => {
      const { host, app, stalls, start, end } = watched()
      app.snap([1])(() => sleep(host, 40_000))
      start()
      // An hour passes at once, as for a process that was suspended.
      const { monotonic } = host
      host.monotonic = () => monotonic() + (monotonic() > 20_000 ? 3_600_000 : 0)
      await host.advance(70_000)
      expect(stalls).toEqual([])
      await end()
    })

    test('is not affected by corrections of the clock', async () => {
      const { host, app, stalls, start, end } = watched()
      app.snap([1, 2, 3, 4], { maxProcessingMs: 500 })(async () => {
        await sleep(host, 50)
        host.correct(86_400_000)
        await sleep(host, 50)
        host.correct(-2 * 86_400_000)
      })
      start({ stallMs: 200 })
      await host.advance(10_000)
      expect(stalls).toEqual([])
      expect(await end()).toBeUndefined()
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

    test('prints to the console without a listener and a logger; is off with Infinity', async () => {
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
}
