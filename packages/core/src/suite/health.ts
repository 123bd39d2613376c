import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { BatchSource, Positions, Resource, SourceReader } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'
import { sleep } from './watched.ts'

export function healthSuite({ createApp }: Core): void {
  describe('health', () => {
    test('reports the states of a stream', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const states: string[] = []
      const look = () => {
        const { state, live, ready, bindings } = app.health()
        states.push(
          `${state} ${live ? 'live' : 'dead'} ${ready ? 'ready' : 'not'} ${bindings.map((b) => b.state).join()}`,
        )
      }
      const resource: Resource = {
        open: async () => look(),
        close: async () => look(),
      }
      const stop = new AbortController()
      look()
      app.snap(fakeSource([], [{ lane: 'a', messages: [1] }], { live: true }), { use: [resource] })(() => look())
      app.snap([1])(() => {})
      host.setTimeout(() => {
        look()
        stop.abort()
        look()
      }, 10)
      await host.settle(app.stream({}, { signal: stop.signal }))
      look()
      app.snap([1])(() => {
        throw new Error('no')
      })
      await expect(host.settle(app.stream())).rejects.toThrow('no')
      look()
      app.snap([1])(() => look())
      await host.settle(app.stream())
      look()
      expect(states).toEqual([
        'idle live not ',
        'opening live not opening,opening',
        'running live ready running,running',
        'running live ready running,ended',
        'stopping live not stopping,stopping',
        'stopping live not stopping,stopping',
        'idle live not idle,idle',
        'idle dead not idle',
        'running live ready running',
        'idle live not idle',
      ])
    })

    test('is ready once each source was assigned lanes, or told that it gets none', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const stop = new AbortController()
      const told = { a: false, b: false }
      for (const name of ['a', 'b'] as const) app.snap(withReader({ ready: () => told[name] }), { name })(() => {})
      app.snap([1])(() => {})
      const running = app.stream({}, { signal: stop.signal })
      const ready = () => [app.health().state, app.health().ready]
      await host.advance(10)
      expect(ready()).toEqual(['running', false])
      told.a = true
      expect(ready()).toEqual(['running', false])
      told.b = true
      expect(ready()).toEqual(['running', true])
      // Readiness survives a rebalance, as requests may still come here.
      told.a = false
      expect(ready()).toEqual(['running', true])
      stop.abort()
      expect(ready()).toEqual(['stopping', false])
      await host.settle(running)
    })

    test('is ready once the lag of each source is known and at most readyLag, and stays ready', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const stop = new AbortController()
      const lag = { slow: undefined as number | undefined, fast: 3 }
      const asked = new Set<boolean>()
      const ready = (lagKnown: boolean) => {
        asked.add(lagKnown)
        return !lagKnown || lag.slow !== undefined
      }
      app.snap(withReader({ ready, lag: () => lag.slow }), withReader({ lag: () => lag.fast }))(() => {})
      app.snap([1])(() => {})
      const running = app.stream({}, { signal: stop.signal, readyLag: 10 })
      await host.advance(10)
      expect(app.health()).toMatchObject({ ready: false, bindings: [{ lag: 3 }, { lag: undefined }] })
      lag.slow = 11
      expect(app.health().ready).toBe(false)
      lag.slow = 10
      expect(app.health().ready).toBe(true)
      lag.slow = 1000
      expect(app.health().ready).toBe(true)
      expect([...asked]).toEqual([true])
      stop.abort()
      await host.settle(running)
    })

    test('a source that has ended is ready, whatever its lag', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const stop = new AbortController()
      app.snap(withReader({ ready: () => false, lag: () => 7, read: () => undefined }))(() => {})
      app.snap(withReader({}))(() => {})
      const running = app.stream({}, { signal: stop.signal, readyLag: 0 })
      await host.advance(10)
      expect(app.health()).toMatchObject({ ready: true, bindings: [{ state: 'ended' }, { state: 'running' }] })
      stop.abort()
      await host.settle(running)
    })

    test('counts the messages before the failure of a source; a handler sees the count of those before its own', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const handled = () => app.health().bindings[0]?.handled
      const seen: unknown[] = []
      app.snap(
        (function* () {
          yield* [1, 2, 3, 4, 5, 6, 7]
          throw new Error('worn out')
        })(),
      )(() => void seen.push(handled()))
      await expect(host.settle(app.stream())).rejects.toThrow('worn out')
      expect([...seen, handled()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    })

    test.each([1, 3])('counts exactly, with concurrency %i', async (concurrency) => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const lanes = ['a', 'b'].map((lane) => ({
        lane,
        messages: Array.from({ length: 30 }, (_, i) => ({ key: i % 5, i })),
        broken: [7],
      }))
      const tries = new Map<unknown, number>()
      /** Every third message always fails, every fifth fails once, and the others succeed. */
      const handle = async (message: unknown) => {
        const { i } = message as { i: number }
        const attempt = (tries.get(message) ?? 0) + 1
        tries.set(message, attempt)
        await new Promise<void>((resolve) => host.setTimeout(resolve, 1 + (i % 4)))
        if (i % 3 === 0 || (i % 5 === 0 && attempt === 1)) throw new Error(`no ${i}`)
      }
      const dead: unknown[] = []
      app.snap(fakeSource([], lanes), {
        name: 'buries',
        concurrency,
        onError: { retries: 1, backoffMs: 3, deadLetter: (failure) => dead.push(failure) },
      })(handle)
      app.snap(fakeSource([], lanes), {
        name: 'skips',
        concurrency,
        onError: () => 'skip',
      })((message) => {
        if ((message as { i: number }).i % 2 === 0) throw new Error('even')
      })
      await host.settle(app.stream())
      // Of the 30 messages of a lane, 10 are divisible by 3, 4 others by 5, and number 7 does not decode.
      expect(dead).toHaveLength(22)
      expect(app.health().bindings).toMatchObject([
        { name: 'buries', handled: 60, retried: 28, skipped: 0, deadLettered: 22, inFlight: 0, lag: undefined },
        { name: 'skips', handled: 60, retried: 0, skipped: 32, deadLettered: 0, inFlight: 0, lag: undefined },
      ])
    })

    test.each(['revoked', 'lost'] as const)(
      'counts messages in flight, behind a gap, and of lanes that are %s',
      async (reason) => {
        const host = createVirtualHost()
        const app = createApp({ host })
        const messages = [1, 2, 3].map((key) => ({ key }))
        const source = fakeSource([], [{ lane: 'a', messages }], { live: true })
        const gates = new Map<unknown, () => void>()
        app.snap(source, { concurrency: 5 })(
          (message) => new Promise<void>((resolve) => gates.set((message as { key: number }).key, resolve)),
        )
        const stop = new AbortController()
        const running = app.stream({}, { signal: stop.signal })
        await host.advance(50)
        const counts = () =>
          app.health().bindings.map(({ handled, inFlight, lastProgress }) => [handled, inFlight, lastProgress])
        expect(counts()).toEqual([[0, 3, undefined]])
        gates.get(2)?.()
        await host.advance(0)
        expect(counts()).toEqual([[1, 2, 50]])
        const revoked = source.options?.revoked(['a'], reason)
        expect(counts()).toEqual([[1, 2, 50]])
        gates.get(1)?.()
        gates.get(3)?.()
        await host.advance(5)
        await revoked
        expect(counts()).toEqual([[3, 0, 55]])
        stop.abort()
        await host.settle(running)
        expect(counts()).toEqual([[3, 0, 55]])
      },
    )

    test('counts messages of iterators, with and without concurrency', async () => {
      async function* later() {
        yield* [1, 2, 3]
      }
      for (const source of [() => [1, 2, 3], later])
        for (const handler of [() => {}, () => Promise.resolve()]) {
          const app = createApp()
          app.snap(source(), { name: 'direct' })(handler)
          const shared = source()
          app.snap(shared)(handler)
          app.snap(shared)(handler)
          await app.stream()
          expect(app.health().bindings.map(({ handled }) => handled)).toEqual([3, 3, 3])
        }
    })

    test('asks sources for their lag with the handled positions', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const asked: Positions[] = []
      const behind = (lag: number | undefined): BatchSource<unknown> => ({
        '~snapstream.source': async (options) => ({
          ...(await fakeSource([], [{ lane: 'a', messages: [1, 2] }], { live: true })['~snapstream.source'](options)),
          lag(handled) {
            asked.push(handled)
            return lag
          },
        }),
      })
      app.snap(behind(3), behind(undefined), behind(4), { name: 'some' })(async (n) => {
        if (n === 2) await new Promise<void>((resolve) => host.setTimeout(resolve, 100))
      })
      app.snap(behind(undefined), { name: 'unknown' })(() => {})
      const stop = new AbortController()
      const running = app.stream({}, { signal: stop.signal })
      await host.advance(50)
      expect(app.health().bindings.map(({ lag }) => lag)).toEqual([7, undefined])
      expect([...(asked[0] ?? [])]).toEqual([['a', 1]])
      stop.abort()
      await host.settle(running)
      expect(app.health().bindings.map(({ lag }) => lag)).toEqual([undefined, undefined])
    })

    test('gives times by the time of day in whole ms, and durations by the monotonic clock', async () => {
      const host = createVirtualHost({ startMs: 1_000_000 })
      const app = createApp({ host })
      const checkpoints: number[] = []
      app.on('checkpoint', ({ durationMs }) => checkpoints.push(durationMs))
      app.snap([1, 2], { sink: [fakeSink([], { flush: () => sleep(host, 10.4) })] })(async (n) => {
        await sleep(host, 100.25)
        host.correct(n === 1 ? 3_600_000 : -7_200_000)
      })
      await host.settle(app.stream({}, { stallMs: 200 }))
      const [binding] = app.health().bindings
      expect(binding?.lastProgress).toBeLessThan(1_000_000 - 3_500_000)
      expect(Number.isInteger(binding?.lastProgress)).toBe(true)
      expect(checkpoints).toEqual([10])
    })

    test('gives the last error and its time', async () => {
      const host = createVirtualHost({ startMs: 1000 })
      const app = createApp({ host })
      let tries = 0
      app.snap([1], { onError: { retries: 2, backoffMs: 100 }, sink: [fakeSink([])] })(() => {
        if (++tries < 3) throw new Error(`try ${tries}`)
      })
      await host.settle(app.stream())
      expect(app.health().bindings).toMatchObject([
        { retried: 2, lastError: { error: { message: 'try 2' }, at: 1100 } },
      ])
    })
  })
}

/** A source without messages that does not end; its reader has these functions. */
function withReader(more: Partial<SourceReader<unknown>>): BatchSource<unknown> {
  const source = fakeSource([], [], { live: true })
  return { '~snapstream.source': async (options) => ({ ...(await source['~snapstream.source'](options)), ...more }) }
}
