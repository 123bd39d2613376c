import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { createApp } from '../app.ts'
import { interval } from './interval.ts'
import type { Tick } from './interval.ts'
import { createVirtualHost } from '../testing/index.ts'

describe('interval', () => {
  test('ticks by the clock of the host, from the time the stream opens it', async () => {
    const host = createVirtualHost({ startMs: 5000 })
    const app = createApp({ host })
    const seen: unknown[] = []
    app.snap(interval(100))((tick, { stop }) => {
      seen.push([host.now(), tick])
      if (tick.count === 3) stop()
    })
    await host.settle(app.stream())
    expect(seen).toEqual([
      [5100, { count: 1, timestamp: 5100, skipped: 0 }],
      [5200, { count: 2, timestamp: 5200, skipped: 0 }],
      [5300, { count: 3, timestamp: 5300, skipped: 0 }],
    ])
    expect([host.now(), host.timers]).toEqual([5300, 0])
  })

  test('keeps its intervals when the clock is corrected, and its timestamps follow', async () => {
    const host = createVirtualHost({ startMs: 1_000_000 })
    const app = createApp({ host })
    const seen: unknown[] = []
    app.snap(interval(100))(({ timestamp, skipped }, { stop }) => {
      seen.push([host.monotonic(), timestamp, skipped])
      if (seen.length === 2) host.correct(-3_600_000)
      if (seen.length === 3) host.correct(2 * 3_600_000)
      if (seen.length === 4) stop()
    })
    await host.settle(app.stream())
    expect(seen).toEqual([
      [100, 1_000_100, 0],
      [200, 1_000_200, 0],
      [300, 1_000_300 - 3_600_000, 0],
      [400, 1_000_400 + 3_600_000, 0],
    ])
  })

  test('is caught up between its ticks', async () => {
    const host = createVirtualHost()
    const { signal } = new AbortController()
    const options = { signal, host, scope: new Map(), assigned() {}, async revoked() {}, trouble() {} }
    const reader = await interval(100)['~snapstream.source'](options)
    expect(reader.caughtUp?.(0, undefined)).toBe(true)
    const batch = await host.settle(Promise.resolve(reader.read()))
    expect([undefined, 1].map((handled) => reader.caughtUp?.(0, handled))).toEqual([false, true])
    batch?.done(1)
    expect(reader.caughtUp?.(0, 1)).toBe(true)
    await host.advance(100)
    expect(reader.caughtUp?.(0, 1)).toBe(false)
    await reader.close()
  })

  test('immediate: the first tick is due at once', async () => {
    const host = createVirtualHost()
    const app = createApp({ host })
    const seen: number[] = []
    app.snap(interval(100, { immediate: true }))((_, { stop }) => {
      seen.push(host.now())
      if (seen.length === 3) stop()
    })
    await host.settle(app.stream())
    expect(seen).toEqual([0, 100, 200])
  })

  test('a slower handler gets the latest tick, and the number of ticks that it missed', async () => {
    const host = createVirtualHost()
    const app = createApp({ host })
    const seen: unknown[] = []
    app.snap(interval(100))(async ({ count, skipped }, { stop }) => {
      seen.push([host.now(), count, skipped])
      if (seen.length === 3) stop()
      await new Promise<void>((resolve) => host.setTimeout(resolve, seen.length === 1 ? 350 : 10))
    })
    await host.settle(app.stream())
    expect(seen).toEqual([
      [100, 1, 0],
      [450, 4, 2],
      [500, 5, 0],
    ])
  })

  test('is one source for all bindings that read it: the slowest sets the pace', async () => {
    const host = createVirtualHost()
    const app = createApp({ host })
    const ticks = interval(10)
    const seen: string[] = []
    app.snap(ticks)(({ count }) => void seen.push(`quick ${count}`))
    app.snap(ticks)(async ({ count }, { stop }) => {
      seen.push(`slow ${count}`)
      if (count > 3) stop()
      await new Promise<void>((resolve) => host.setTimeout(resolve, 25))
    })
    await host.settle(app.stream())
    expect(seen).toEqual(['quick 1', 'slow 1', 'quick 3', 'slow 3', 'quick 6', 'slow 6'])
  })

  test.each(['stop', 'signal'] as const)('ends at once by %s, and leaves no timer', async (how) => {
    const host = createVirtualHost()
    const app = createApp({ host })
    const stop = new AbortController()
    const ticks = interval(2 ** 40, how === 'signal' ? { signal: stop.signal } : {})
    app.snap(ticks)(() => {})
    host.setTimeout(() => stop.abort(), 1234)
    await host.settle(app.stream({}, how === 'stop' ? { signal: stop.signal } : {}))
    expect([host.now(), host.timers]).toEqual([1234, 0])
  })

  test('an interval beyond the limit of a timer is waited for in parts', async () => {
    const host = createVirtualHost()
    const app = createApp({ host })
    const month = 30 * 24 * 3_600_000
    const times: number[] = []
    app.snap(interval(month))((_, { stop }) => {
      times.push(host.now())
      stop()
    })
    await host.settle(app.stream({}, { checkpointMs: month }), 2 * month)
    expect(times).toEqual([month])
  })

  test('a signal that is already aborted makes a source without a tick', async () => {
    const app = createApp()
    const seen: Tick[] = []
    app.snap(interval(1, { immediate: true, signal: AbortSignal.abort() }))((tick) => void seen.push(tick))
    await app.stream()
    expect(seen).toEqual([])
  })

  test('ticks on the real clock', async () => {
    const app = createApp()
    const seen: number[] = []
    app.snap(interval(5))(({ count }, { stop }) => {
      seen.push(count)
      if (seen.length === 3) stop()
    })
    await app.stream()
    expect(seen.every((count, i) => i === 0 || count > (seen[i - 1] as number))).toBe(true)
  })

  test('refuses wrong arguments', () => {
    expect(() => interval(0)).toThrow('the ms of interval has to be a number of 1 or more')
    expect(() => interval(Infinity)).toThrow('ms')
    expect(() => interval(10, { immediate: 1 as never })).toThrow('immediate')
    expect(() => interval(10, { signal: {} as never })).toThrow('AbortSignal')
    expect(() => interval(10, { every: 1 } as never)).toThrow('every')
  })

  test('neither drifts nor queues nor loses count, however long the handler takes', async () => {
    const durations = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(durations, fc.integer({ min: 1, max: 120 }), fc.boolean(), async (takes, ms, immediate) => {
        const host = createVirtualHost({ startMs: 77 })
        const app = createApp({ host })
        const first = 77 + (immediate ? 0 : ms)
        let counted = 0
        let calls = 0
        app.snap(interval(ms, { immediate }))(async ({ count, skipped, timestamp }, { stop }) => {
          expect(timestamp).toBe(first + (count - 1) * ms)
          expect(count).toBe(counted + skipped + 1)
          counted = count
          // It is the latest tick that was due.
          expect(host.now() - timestamp).toBeGreaterThanOrEqual(0)
          expect(host.now() - timestamp).toBeLessThan(ms)
          const takesMs = takes[calls++]
          if (takesMs === undefined) stop()
          else await new Promise<void>((resolve) => host.setTimeout(resolve, takesMs))
        })
        await host.settle(app.stream())
        expect([calls, host.timers]).toEqual([takes.length + 1, 0])
      }),
      { numRuns: 300 },
    )
  })

  test('types', () => {
    const { snap } = createApp()
    snap(interval(1000))((tick) => expectTypeOf(tick).toEqualTypeOf<Tick>())
    expect(snap).toBeTypeOf('function')
  })
})
