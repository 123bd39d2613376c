import { describe, expect, test } from 'vitest'
import type { Origin, ReaderOptions } from '../index.ts'
import type { Core } from './core.ts'
import { laneLog, statefulSink } from './stateful.ts'
import { setUpTicks, throughOf } from './ticking.ts'
import { setUpTransaction } from './transactional.ts'
import { never } from './watched.ts'

/** Messages that wait for those of other lanes. */
export function turnSuite(core: Core): void {
  const setUp = () => setUpTicks(core, { a: [1, 2, 3] })

  /** Lets the numbers of all lanes pass in their order, each once it is `next`. */
  function inOrderOf(numbers: readonly number[]) {
    const left = [...numbers]
    let wake = () => {}
    let changed = new Promise<void>((resolve) => (wake = resolve))
    let asked = 0
    return {
      get asked() {
        return asked
      },
      turn({ message }: Origin) {
        asked++
        return left[0] === message ? undefined : changed
      },
      handled() {
        left.shift()
        wake()
        changed = new Promise((resolve) => (wake = resolve))
      },
    }
  }

  const begun = (calls: readonly string[]) => calls.filter((call) => /^(begin|undo)/.test(call))

  describe('turns', () => {
    test.each(['sync', 'async'])(
      'the messages of several sources and lanes are handled in one order (%s)',
      async (mode) => {
        const { app, run, wait } = setUp()
        const one = laneLog({ a: [1, 4, 5, 9], b: [3, 7] })
        const two = laneLog({ a: [2, 6, 10], b: [8] })
        const order = inOrderOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        const sink = statefulSink({ turn: order.turn })
        sink.onRelease = () => order.handled()
        const seen: number[] = []
        app.snap(one, two, { sink: [sink] })((n) => {
          seen.push(n)
          return mode === 'sync' ? undefined : wait(n % 3)
        })
        await run()
        expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        expect([one, two].map(({ committed }) => [...committed])).toEqual([
          [
            ['a', 4],
            ['b', 2],
          ],
          [
            ['a', 3],
            ['b', 1],
          ],
        ])
      },
    )

    test('the messages of iterables are handled in one order, and the states of a binding are asked together', async () => {
      const { app, host } = setUp()
      const order = inOrderOf([1, 2, 3, 4])
      const sink = statefulSink({ turn: order.turn })
      sink.onRelease = () => order.handled()
      const seen: unknown[] = []
      app.snap(throughOf([[1, 3], new Set([2, 4])], sink), { sink: [statefulSink()] })((n) => void seen.push(n))
      await host.settle(app.stream())
      expect(seen).toEqual([1, 2, 3, 4])
    })

    test('a message that waits is not in flight, not a stall, and does not hold up checkpoints', async () => {
      const { app, log, at, run, calls, wait } = setUp()
      const stalls: unknown[] = []
      const checkpoints: number[] = []
      app.on('stall', (stall) => stalls.push(stall))
      app.on('checkpoint', ({ lanes }) => lanes > 0 && checkpoints.push(lanes))
      let open = false
      const sink = statefulSink(
        { turn: ({ message }) => (message === 2 && !open ? wait(70_000).then(() => void (open = true)) : undefined) },
        calls,
      )
      laggard(log)
      app.snap(log, { sink: [sink] })(() => {})
      at(65_000, () => {
        const [{ inFlight, state, handled } = {}] = app.health().bindings
        calls.push(`in flight ${inFlight} ${state} ${handled}`)
      })
      await run(80_000)
      expect(calls).toEqual([
        'open a',
        'begin 1',
        'release 1',
        'prepare',
        'commit',
        'position a=1',
        'in flight 0 running 1',
        'begin 2',
        'release 2',
        'begin 3',
        'release 3',
        'prepare',
        'commit',
        'position a=3',
      ])
      expect(stalls).toEqual([])
    })

    test('a source that gives nothing is a stall, also while lanes of another source wait for it', async () => {
      const { app, log, run } = setUp()
      const other = laneLog({ b: [] })
      laggard(other)
      const stalls: unknown[] = []
      app.on('stall', ({ waitsFor, forMs }) => stalls.push([waitsFor, forMs >= 60_000]))
      app.snap(log, other, { sink: [statefulSink({ turn: never })] })(() => {})
      await run(100_000)
      expect(stalls).toEqual([['source', true]])
    })

    test('a turn that never comes ends with the stream, and nothing is undone', async () => {
      const { app, log, run, calls } = setUp()
      const stops: unknown[] = []
      app.on('stop', ({ undone, error }) => stops.push([undone, error]))
      const sink = statefulSink({ turn: ({ message }) => (message === 2 ? never() : undefined) }, calls)
      app.snap(log, { sink: [sink] })(() => {})
      await run(100)
      expect(stops).toEqual([[[], undefined]])
      expect(begun(calls)).toEqual(['begin 1'])
      expect([...log.committed]).toEqual([['a', 1]])
    })

    test.each(['revoked', 'lost', 'paused'] as const)(
      'a message that waits in a lane that is %s is handled by its next owner',
      async (reason) => {
        const { app, log, at, run, calls } = setUp()
        let turn: Promise<void> | undefined = never()
        const sink = statefulSink({ turn: ({ message }) => (message === 2 ? turn : undefined) }, calls)
        app.snap(log, { sink: [sink] })(() => {})
        at(50, async () => {
          if (reason === 'paused') await log.options?.revoked(['a'], reason)
          else await log.take('a', reason)
          turn = undefined
          calls.push('again')
          await log.give('a')
        })
        await run(100)
        expect(begun(calls)).toEqual(['begin 1', 'begin 2', 'begin 3'])
        expect(calls.indexOf('again')).toBeLessThan(calls.indexOf('begin 2'))
      },
    )

    test.each([false, true])('a transaction commits and aborts while messages wait (flows: %s)', async (flows) => {
      const { app, log, sink, at, run, wait } = setUpTransaction(core, { a: [1, 2], b: [11, 12, 13] }, { flows })
      let open = false
      const early: unknown[] = []
      const order = statefulSink({
        volatile: true,
        turn: ({ message }) => (message === 2 && !open ? wait(120).then(() => void (open = true)) : undefined),
      })
      sink.aborts.set(2, new Error('no'))
      app.snap(log, { sink: [sink], use: [Object.assign(order, { open: async () => {}, close: async () => {} })] })(
        async (n) => {
          if (n === 13) await wait(50)
          return n
        },
      )
      at(110, () => early.push(...sink.committed))
      await run(400)
      expect(early).toEqual(expect.arrayContaining([1, 11, 12]))
      expect(early).not.toContain(2)
      expect(sink.committed.toSorted((a, b) => Number(a) - Number(b))).toEqual([1, 2, 11, 12, 13])
      expect([...log.committed]).toEqual([
        ['a', 2],
        ['b', 3],
      ])
    })

    test('a state that fails instead of an answer stops the stream', async () => {
      for (const turn of [
        () => Promise.reject(new Error('no order')),
        () => {
          throw new Error('no order')
        },
      ]) {
        const { app, log, run } = setUp()
        app.snap(log, { sink: [statefulSink({ turn })] })(() => {})
        await expect(run(100)).rejects.toThrow('no order')
      }
    })

    test('a message is asked for its turn once it can be handled, and not for a retry or if it did not decode', async () => {
      const { app, log, run } = setUp()
      const asked: unknown[] = []
      const sink = statefulSink({
        turn: ({ message, source, lane }) => void asked.push([message, source === log, lane]),
      })
      const open = log['~snapstream.source']
      Object.assign(log, {
        async '~snapstream.source'(options: ReaderOptions) {
          const reader = await open(options)
          const error = (n: unknown) => (n === 2 ? new Error('what') : undefined)
          return {
            ...reader,
            async read() {
              const batch = await reader.read()
              return batch && { ...batch, error: (i: number) => error(batch.messages[i]) }
            },
          }
        },
      })
      let failed = false
      app.snap(log, {
        sink: [sink],
        onError: (_, message) => (message === 2 ? 'skip' : 'retry'),
      })((n) => {
        if (n === 3 && !failed) {
          failed = true
          throw new Error('once')
        }
      })
      await run()
      expect(asked).toEqual([
        [1, true, 'a'],
        [3, true, 'a'],
      ])
      expect(app.health().bindings[0]).toMatchObject({ handled: 3, retried: 1, skipped: 1 })
    })

    test('a message of an iterable that waits when the stream stops is handled, as nobody gives it again', async () => {
      const { app, host, stop, at, run } = setUp()
      const seen: unknown[] = []
      const order = statefulSink({ turn: ({ message }) => (message === 2 ? never() : undefined) })
      app.snap(throughOf([[1, 2, 3]], order))((n) => void seen.push(n))
      at(50, () => {
        expect(seen).toEqual([1])
        stop()
      })
      expect(host.timers).toBe(1)
      await run()
      expect(seen).toEqual([1, 2])
    })

    test('a lane that waits with ticks behind it does not keep its source from reading other lanes', async () => {
      const { app, at, run } = setUp()
      const log = laneLog({ a: [1, 2, 3, 4, 5], b: [] })
      const later: number[] = []
      const other = laneLog({ c: later })
      let arrived = false
      const sink = statefulSink({
        turn: ({ message }) => (message === 1 && !arrived ? never() : undefined),
      })
      sink.onRelease = (message) => void (arrived ||= message === 21)
      app.snap(log, other, { sink: [sink] })(() => {})
      at(40, () => {
        for (const name of ['x', 'y', 'z']) expect(sink.tick('a', { toString: () => name })).toBe(true)
        later.push(21)
        void other.give('c')
      })
      await run(200)
      expect(begun(sink.calls)).toContain('begin 21')
    })
  })

  /** Gives a source a lag that it never gets rid of. */
  function laggard(log: ReturnType<typeof laneLog>): void {
    const open = log['~snapstream.source']
    Object.assign(log, {
      '~snapstream.source': async (options: ReaderOptions) => ({ ...(await open(options)), lag: () => 5 }),
    })
  }
}
