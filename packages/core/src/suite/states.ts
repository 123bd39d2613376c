import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import { route } from '../operators/route.ts'
import type { Events } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSource } from './fakes.ts'
import { laneLog, statefulSink } from './stateful.ts'
import { transactionalLog, transactionalSink } from './transactional.ts'
import { createWatched, never, sleep } from './watched.ts'

/** State that follows its lanes. */
export function stateSuite(core: Core): void {
  const { createApp } = core
  const watched = createWatched(createApp)

  function setUp() {
    const host = createVirtualHost()
    const app = createApp({ host })
    const stopping = new AbortController()
    return {
      host,
      app,
      wait: (ms: number) => sleep(host, ms),
      at: (ms: number, f: () => unknown) => void host.setTimeout(() => void f(), ms),
      stop: () => stopping.abort(),
      run(stopMs = 1000, options = {}) {
        host.setTimeout(() => stopping.abort(), stopMs)
        return host.settle(app.stream({}, { checkpointMs: 35, signal: stopping.signal, ...options }))
      },
    }
  }

  describe('the state of lanes', () => {
    test('opens a lane once it is open, while other lanes go on', async () => {
      const { app, wait, at, run } = setUp()
      const log = laneLog({ a: [1, 2], b: [11, 12] })
      const store = statefulSink()
      store.onOpen = (lane) => (lane === 'a' ? wait(100) : undefined)
      store.restoring = [{ store: 'counts', partition: 0, done: 1, of: 2, role: 'active' }]
      const handled: number[] = []
      app.snap(log, { sink: [store] })((n) => {
        expect([...store.opened]).toContain(n < 10 ? 'a' : 'b')
        handled.push(n)
      })
      const seen: unknown[] = []
      for (const ms of [50, 150])
        at(ms, () => {
          const { ready, stores } = app.health()
          seen.push([ready, stores, [...handled]])
          store.restoring = []
        })
      await run()
      expect(seen).toEqual([
        [false, [{ store: 'counts', partition: 0, done: 1, of: 2, role: 'active' }], [11, 12]],
        [true, [], [11, 12, 1, 2]],
      ])
      expect(store.options?.sources).toEqual([log])
      expect(app.health().stores).toEqual([])
    })

    test('learns which messages begin, fail and count as handled, and is stored before their positions', async () => {
      const { app, run } = setUp()
      const calls: string[] = []
      const log = laneLog({ a: [1, 2, 3] }, calls)
      const store = statefulSink({}, calls)
      let fails = true
      app.snap(log, {
        sink: [store],
        onError: (_, n, attempt) => (n === 2 && attempt === 1 ? 'retry' : 'skip'),
      })((n) => {
        if (n === 3 || (n === 2 && fails)) {
          fails = false
          throw new Error('the handler fails')
        }
        return n
      })
      await run()
      const ofLane = [
        ['open a'],
        ['begin 1', 'write 1', 'release 1'],
        ['begin 2', 'undo 2', 'begin 2', 'write 2', 'release 2'],
        ['begin 3', 'undo 3', 'undo 3', 'release 3'],
      ].flat()
      expect(calls.filter((call) => !/^(prepare|commit|position)/.test(call))).toEqual(ofLane)
      expect(calls.slice(-3)).toEqual(['prepare', 'commit', 'position a=3'])
    })

    test('does not begin a message that did not decode', async () => {
      const { app, run } = setUp()
      const store = statefulSink()
      const source = fakeSource([], [{ lane: 'a', messages: [1, 2], broken: [0] }])
      app.snap(source, { sink: [store], onError: 'skip' })(() => {})
      await run()
      expect(store.calls.filter((call) => /\d/.test(call))).toEqual(['undo 1', 'release 1', 'begin 2', 'release 2'])
    })

    test('keeps the writes of a message before one that failed', async () => {
      const { app, wait, run } = setUp()
      const calls: string[] = []
      const log = laneLog({ a: [1, 2] }, calls)
      app.snap(log, { sink: [statefulSink({}, calls)], concurrency: 2 })(async (n) => {
        await wait(n === 1 ? 50 : 10)
        if (n === 2) throw new Error('the handler fails')
      })
      await expect(run()).rejects.toMatchObject({ code: 'HANDLER_FAILED' })
      expect(calls.filter((call) => /^(release|position)/.test(call))).toEqual(['release 1', 'position a=1'])
    })

    test('holds the next message up while it is full', async () => {
      for (const concurrency of [1, 2])
        for (const delays of [false, true]) {
          const { host, app, wait, run } = setUp()
          const store = statefulSink()
          const other = statefulSink()
          store.onRelease = (n) => (n === 1 ? wait(100) : undefined)
          other.onRelease = (n) => (n === 1 ? wait(50) : undefined)
          const times: number[] = []
          app.snap(laneLog({ a: [1, 11, 21] }), { sink: [store, other], concurrency })((n) => {
            times.push(host.monotonic())
            return delays ? wait(1).then(() => n) : n
          })
          await run()
          const [first = 0, second = 0] = times
          expect([times.length, second - first]).toEqual([3, delays ? 101 : 100])
        }
    })

    test('is closed after the last checkpoint of a lane that is given up', async () => {
      for (const reason of ['revoked', 'lost'] as const) {
        const { app, at, run } = setUp()
        const calls: string[] = []
        const log = laneLog({ a: [1, 2], b: [11] }, calls)
        app.snap(log, { sink: [statefulSink({}, calls)] })(() => {})
        at(10, () => log.take('a', reason))
        await run(20, { checkpointMs: 1000 })
        const isKept = reason === 'revoked'
        expect(calls.filter((call) => / a/.test(call))).toEqual([
          'open a',
          ...(isKept ? ['position a=2'] : []),
          `close a ${reason}`,
        ])
        expect(calls.includes('position b=1')).toBe(true)
      }
    })

    test('that is still opening is given up at once, and opened again only once that is over', async () => {
      const { app, wait, at, run } = setUp()
      const log = laneLog({ a: [1] })
      const store = statefulSink()
      const { calls } = store
      let opens = 0
      store.onOpen = async (_, signal) => {
        signal.addEventListener('abort', () => calls.push('aborted'))
        if (opens++ > 0) return
        await wait(100)
        calls.push('settled')
        throw new Error('it was given up')
      }
      app.snap(log, { sink: [store] })(() => {})
      at(10, async () => {
        await log.take('a', 'revoked')
        await log.give('a')
        calls.push('given')
      })
      await run(500)
      expect(calls.slice(0, 8)).toEqual([
        'open a',
        'aborted',
        'close a revoked',
        'given',
        'settled',
        'open a',
        'begin 1',
        'release 1',
      ])
    })

    test('is not opened at all for a lane that is given up before its last opening is over', async () => {
      const { app, at, run } = setUp()
      const log = laneLog({ a: [1] })
      const store = statefulSink()
      store.onOpen = never
      app.snap(log, { sink: [store] })(() => {})
      at(10, async () => {
        await log.take('a', 'revoked')
        await log.give('a')
        await log.take('a', 'revoked')
      })
      await run(500)
      expect(store.calls).toEqual(['open a', 'close a revoked'])
    })

    test('stays open while its lane is paused, and when its transaction is aborted', async () => {
      const { host, app, at, wait, run } = setUp()
      const log = transactionalLog({ lanes: { a: [1, 2, 3, 4] } })
      const sink = transactionalSink(host, [log])
      sink.aborts.set(1, new Error('the broker aborted it'))
      const { calls } = sink
      const state = statefulSink({}, calls)
      const open = sink['~snapstream.sink']
      const both = {
        '~snapstream.sink': async (options: Parameters<typeof open>[0]) => ({
          ...(await open(options)),
          state: (await state['~snapstream.sink'](options)).state!,
        }),
      }
      app.snap(log, { sink: [both] })(async (n) => {
        await wait(5)
        return n
      })
      at(200, async () => {
        await log.options?.revoked(['a'], 'paused')
        await log.give('a')
      })
      await run()
      const ofState = calls.filter((call) => !/^(begin|release|flush)/.test(call))
      expect(ofState).toEqual(['open a', 'prepare', 'abort: the broker aborted it', 'abort', 'prepare', 'commit'])
      expect(sink.committed).toEqual([1, 2, 3, 4])
    })

    test('of an iterator is open before its first message is taken', async () => {
      for (const bindings of [1, 2])
        for (const stops of [false, true]) {
          const { app, wait, run } = setUp()
          const store = statefulSink()
          store.onOpen = () => wait(100)
          let taken = 0
          async function* numbers() {
            for (let n = 0; n < 3; n++) {
              taken++
              yield n
            }
          }
          const source = numbers()
          for (let i = 0; i < bindings; i++)
            app.snap(source, { sink: i === 0 ? [store] : [] })(() => {
              expect(store.opened.size).toBe(1)
            })
          await run(stops ? 50 : 1000)
          expect(taken).toBe(stops ? 0 : 3)
          expect(store.calls.filter((call) => call.startsWith('release'))).toHaveLength(taken)
        }
    })

    test('of a sink that is not exactly once is refused beside one that is', async () => {
      const { host, app, run } = setUp()
      const log = transactionalLog({ lanes: { a: [1] } })
      app.snap(log, { name: 'copy', sink: [transactionalSink(host, [log]), statefulSink()] })((n) => n)
      await expect(run()).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining(
          'sink 2 of copy, a store beside an exactly-once sink, has to be exactly once too; set exactlyOnce on both, got an object',
        ) as string,
      })
      const second = setUp()
      const table = statefulSink({ readOnly: true })
      const other = transactionalLog({ lanes: { a: [1] } })
      const sink = transactionalSink(second.host, [other])
      second.app.snap(other, { sink: [sink, table] })((n) => n)
      await second.run()
      expect(sink.committed).toEqual([1])
    })

    test('behind a route is opened and called like that of a sink', async () => {
      const { app, run } = setUp()
      const store = statefulSink()
      const plain = statefulSink({ state: undefined as never })
      const routed = route({ store, plain }, (n: unknown) => (n === 1 ? 'store' : 'plain'))
      app.snap(laneLog({ a: [1, 2] }), { sink: [routed] })((n) => n)
      await run()
      expect(store.calls).toEqual(
        expect.arrayContaining(['open a', 'begin 1', 'write 1', 'release 1', 'begin 2', 'release 2', 'commit']),
      )
      expect(plain.calls).toEqual(['write 2'])
    })

    test('that does not open ends the stream with its error', async () => {
      const { app, run } = setUp()
      const store = statefulSink()
      store.onOpen = () => {
        throw new Error('the disk is full')
      }
      app.snap(laneLog({ a: [1] }), { name: 'count', sink: [store] })(() => {})
      await expect(run()).rejects.toMatchObject({ message: 'source 1 of count failed: the disk is full' })
    })

    test('that is opening when the stream is stopped is aborted, and holds the end up no longer', async () => {
      const { host, app, run } = setUp()
      const store = statefulSink()
      let aborted = -1
      store.onOpen = (_, signal) => {
        signal.addEventListener('abort', () => (aborted = host.monotonic()))
        return never()
      }
      app.snap(laneLog({ a: [1] }), { sink: [store] })(() => {})
      const start = host.monotonic()
      await run(100)
      expect([aborted - start, host.monotonic() - start]).toEqual([100, 100])
    })

    test('tells how far it is restored by the event `restore`', async () => {
      const { app, at, run } = setUp()
      const store = statefulSink()
      const progress = { store: 'counts', partition: 1, done: 3, of: 7, role: 'standby' } as const
      const events: Events['restore'][] = []
      app.on('restore', (event) => events.push(event))
      app.snap(laneLog({ a: [1] }), { name: 'count', sink: [store] })(() => {})
      at(10, () => store.options?.restore?.(progress))
      await run(50)
      expect(events).toEqual([{ bindings: ['count'], ...progress }])
    })

    test('that stands still while it is restored is a stall, although other lanes go on', async () => {
      const { host, app, stalls, start, end } = watched()
      const store = statefulSink()
      store.onOpen = (lane) => (lane === 'a' ? never() : undefined)
      const part = { store: 'counts', of: 1_000_000 }
      Object.defineProperty(store, 'restoring', {
        get: () => [
          { ...part, partition: 0, role: 'active', done: Math.min(host.monotonic(), 300_000) },
          { ...part, partition: 1, role: 'standby', done: host.monotonic() },
        ],
      })
      const begin = host.monotonic()
      app.snap(laneLog({ a: [1], b: Array.from({ length: 100 }, (_, n) => 10 * n) }), { name: 'count', sink: [store] })(
        (n) => (n < 10 ? undefined : sleep(host, 10_000)),
      )
      start()
      await host.advance(300_000 - begin)
      expect(stalls).toEqual([])
      await host.advance(100_000)
      expect(stalls).toMatchObject([{ binding: 'count', waitsFor: 'restore', forMs: 60_000 }])
      expect(await end()).toBeUndefined()
    })
  })
}
