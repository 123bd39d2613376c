import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Events, Host, SnapstreamError } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'
import type { Log } from './fakes.ts'
import { never, sleep } from './watched.ts'

export function givenUpSuite({ createApp }: Core): void {
  /** Stops the stream after 50 ms; handlers then have 400 ms. Returns how and when it ended. */
  function setUp(options: { readonly shutdownMs?: number; readonly checkpointMs?: number } = {}) {
    const host = createVirtualHost()
    const app = createApp({ host })
    const stops: Events['stop'][] = []
    app.on('stop', (stop) => stops.push(stop))
    app.on('unhandled', () => {})
    const stop = new AbortController()
    const run = async () => {
      host.setTimeout(() => stop.abort(), 50)
      const ended = app.stream({}, { signal: stop.signal, shutdownMs: 500, ...options })
      const error = await host.settle(ended.catch((thrown: unknown) => thrown as SnapstreamError))
      expect(host.timers).toBe(0)
      return { error, undone: stops[0]?.undone, atMs: host.monotonic() }
    }
    return { host, app, run }
  }
  /** A wait that rejects when its signal is aborted. */
  const heeding = (host: Pick<Host, 'setTimeout'>, ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const cancel = host.setTimeout(resolve, ms)
      signal.addEventListener('abort', () => {
        cancel()
        reject(new Error('aborted'))
      })
    })
  const commits = (log: Log) => log.filter((line) => line.startsWith('commit'))

  describe('a message that is given up at the end', () => {
    test.each([1, 2])('by a handler that heeds its signal is undone, with concurrency %i', async (concurrency) => {
      const { host, app, run } = setUp()
      const log: Log = []
      const lanes = [{ lane: 'a', messages: [{ key: 1 }, { key: 2, waits: true }, { key: 3 }] }]
      app.snap(fakeSource(log, lanes, { live: true }), { name: 'heeds', concurrency })(async (message, { signal }) => {
        if ('waits' in (message as object)) await heeding(host, 5000, signal)
      })
      const { error, undone, atMs } = await run()
      expect(undone).toEqual(['1 given up in heeds (lane a)'])
      expect(error).toMatchObject({
        code: 'SHUTDOWN_TIMEOUT',
        message: 'not done within shutdownMs: 1 given up in heeds (lane a); raise shutdownMs',
      })
      expect([commits(log), atMs < 500]).toEqual([['commit a=1'], true])
    })

    test('by a generator that heeds its signal, or has not ended, is undone', async () => {
      for (const kind of ['heeds', 'yields', 'yields to a sink'] as const) {
        const { host, app, run } = setUp()
        const log: Log = []
        let closed = false
        const sink = kind === 'yields to a sink' ? () => sleep(host, 1) : () => {}
        const source = fakeSource(log, [{ lane: 'a', messages: ['x'] }], { live: true })
        app.snap(source, { name: 'endless', sink: [sink] })(async function* (_, { signal }) {
          try {
            for (;;) {
              await (kind === 'heeds' ? heeding(host, 5000, signal) : sleep(host, 30))
              yield 1
            }
          } finally {
            closed = true
          }
        })
        const { error, undone } = await run()
        expect([kind, undone, closed]).toEqual([kind, ['1 given up in endless (lane a)'], true])
        expect([error?.code, commits(log)]).toEqual(['SHUTDOWN_TIMEOUT', []])
      }
    })

    test('by a synchronous generator that has not ended is undone', async () => {
      const app = createApp()
      const undone: (readonly string[])[] = []
      app.on('stop', (stop) => undone.push(stop.undone))
      app.snap(fakeSource([], [{ lane: 'a', messages: ['x'] }], { live: true }), { name: 'endless', sink: [() => {}] })(
        function* () {
          for (;;) yield 1
        },
      )
      const ended = app.stream({}, { signal: AbortSignal.timeout(20), shutdownMs: 600 })
      await expect(ended).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT' })
      // On a busy machine the time may be over before its signal could be aborted.
      expect(undone).toEqual([[expect.stringMatching(/^1 (given up|in flight) in endless \(lane a\)$/)]])
    })

    test('while it waits for its retry is undone, at once if there is no time for another attempt', async () => {
      const { app, run } = setUp({ shutdownMs: 25_000 })
      const log: Log = []
      app.snap(fakeSource(log, [{ lane: 'a', messages: [1, 2] }], { live: true }), {
        name: 'retries',
        onError: { retries: 9, backoffMs: 25_000 },
      })((n) => {
        if (n === 2) throw new Error('not yet')
      })
      const { error, undone, atMs } = await run()
      expect(undone).toEqual(['1 given up in retries (lane a)'])
      expect(error).toMatchObject({ code: 'SHUTDOWN_TIMEOUT' })
      expect([atMs, commits(log)]).toEqual([50, ['commit a=1']])
    })

    test('is retried while there is time, and is done if a retry succeeds', async () => {
      for (const failures of [3, 30]) {
        const { app, run } = setUp()
        const log: Log = []
        let tries = 0
        app.snap(fakeSource(log, [{ lane: 'a', messages: ['x'] }], { live: true }), {
          name: 'retries',
          onError: { retries: 30, backoffMs: 30 },
        })(() => {
          if (++tries <= failures) throw new Error('not yet')
        })
        const { undone, atMs } = await run()
        expect({ failures, undone, commits: commits(log) }).toEqual(
          failures === 3
            ? { failures, undone: [], commits: ['commit a=1'] }
            : { failures, undone: ['1 given up in retries (lane a)'], commits: [] },
        )
        // The next wait would end later than the time for handlers.
        expect(atMs).toBeLessThanOrEqual(450)
      }
    })

    test('is counted by binding and lane, beside messages in flight', async () => {
      const { host, app, run } = setUp()
      const a = fakeSource(
        [],
        [
          { lane: 0, messages: [1] },
          { lane: 1, messages: [1] },
        ] as never,
        { live: true },
      )
      const b = fakeSource([], [{ lane: 0, messages: [1] }] as never, { live: true })
      app.snap(a, b, { name: 'heeds' })((_, { signal }) => heeding(host, 5000, signal))
      app.snap(a, { name: 'hangs' })(never)
      app.snap([{ id: 1 }, { id: 2 }, { id: 2 }], { name: 'keyed', key: ({ id }) => id, concurrency: 3 })(
        ({ id }, { signal }) => (id === 1 ? never() : heeding(host, 5000, signal)),
      )
      const { undone } = await run()
      expect(undone).toEqual([
        '1 given up in heeds (lane 0)',
        '1 in flight in hangs (lane 0)',
        '1 given up in heeds (lane 1)',
        '1 in flight in hangs (lane 1)',
        '1 given up in heeds (lane 0)',
        '1 in flight in keyed (lane 0)',
        '2 given up in keyed (lane 0)',
      ])
    })

    test('as its lane goes to another member is not undone', async () => {
      const { host, app, run } = setUp()
      const source = fakeSource([], [{ lane: 'a', messages: ['x'] }], { live: true })
      app.snap(source, { onError: { retries: 9, backoffMs: 60_000 } })(() => {
        throw new Error('not yet')
      })
      host.setTimeout(() => void source.options?.revoked(['a'], 'revoked'), 10)
      expect((await run()).undone).toEqual([])
    })

    test('by a sink that heeds its signal is undone', async () => {
      const { app, run } = setUp()
      let signal: AbortSignal | undefined
      const sink = {
        '~snapstream.sink': (options: { readonly signal: AbortSignal }) => {
          ;({ signal } = options)
          return { write: () => new Promise<void>((_, no) => signal?.addEventListener('abort', no)), flush() {} }
        },
      }
      app.snap(fakeSource([], [{ lane: 'a', messages: ['x'] }], { live: true }), { name: 'full', sink: [sink] })(
        (m) => m,
      )
      expect((await run()).undone).toEqual(['1 given up in full (lane a)'])
    })
  })

  test('a message of an iterator is handled by all its bindings, even if one of them stops the stream', async () => {
    for (const end of ['stop', 'failure'] as const) {
      const app = createApp()
      const source = [1, 2, 3]
      const seen: string[] = []
      app.snap(source)((n, { stop }) => {
        seen.push(`a${n}`)
        if (n !== 2) return
        if (end === 'failure') throw new Error('no')
        stop()
      })
      app.snap(source, { sink: [fakeSink([])] })(async (n) => void seen.push(`b${n}`))
      await app.stream().catch(() => {})
      expect([end, seen.toSorted()]).toEqual([end, ['a1', 'a2', 'b1', 'b2']])
    }
  })
}
