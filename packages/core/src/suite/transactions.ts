import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Events } from '../index.ts'
import { route } from '../operators/route.ts'
import type { Core } from './core.ts'
import { LANES, all, inOrder, setUpTransaction, transactionalLog, transactionalSink } from './transactional.ts'
import type { SinkChanges } from './transactional.ts'

const why = new Error('the broker aborted it')

/** Rewinds of atomic sinks that abort their transaction. */
export function transactionSuite(core: Core): void {
  const { createApp } = core
  const setUp = (lanes?: Record<string, readonly number[]>, over?: SinkChanges, live?: boolean) =>
    setUpTransaction(core, lanes, over, live)

  describe('a transaction', () => {
    test('that is aborted takes its lanes back to the committed positions, and every output comes once', async () => {
      const { log, sink, app, aborts, wait, run } = setUp()
      sink.aborts.set(2, why)
      const checkpoints: number[] = []
      app.on('checkpoint', ({ lanes }) => lanes > 0 && checkpoints.push(lanes))
      const handled: number[] = []
      app.snap(log, { name: 'copy', sink: [sink] })(async (n) => {
        await wait(10)
        handled.push(n)
        return n
      })
      await run()
      expect(inOrder(sink.committed)).toEqual(all)
      // The lanes alternate, so that each checkpoint has some messages of both.
      expect(handled.length).toBeGreaterThan(all.length)
      expect(aborts).toEqual([{ bindings: ['copy'], error: why, lanes: ['a', 'b'] }])
      expect(log.rewound).toEqual([['a', 'b']])
      expect(sink.calls.slice(0, 3)).toEqual(['flush', 'flush', `abort: ${why.message}`])
      expect(checkpoints.every((lanes) => lanes === 2)).toBe(true)
      expect(app.health().bindings[0]).toMatchObject({ aborted: 1, handled: handled.length })
    })

    test('that has values of a lost lane is aborted at once, and the other lanes are rewound', async () => {
      const { log, sink, app, aborts, at, wait, run } = setUp()
      app.snap(log, { sink: [sink] })(async (n) => {
        await wait(10)
        return n
      })
      at(25, () => log.take('a', 'lost'))
      await run(1000, { checkpointMs: 5000 })
      expect(sink.committed).toEqual(LANES.b)
      expect(aborts).toHaveLength(1)
      expect(aborts[0]).toMatchObject({ error: { code: 'TRANSACTION_ABORTED' }, lanes: ['b'] })
      expect(log.rewound).toEqual([['b']])
    })

    test('is not aborted for a lost lane without a value in it', async () => {
      const { log, sink, app, at, run } = setUp()
      app.snap(log, { sink: [sink] })((n) => n)
      at(100, () => log.take('a', 'lost'))
      await run()
      expect(inOrder(sink.committed)).toEqual(all)
      expect(sink.calls).not.toContain('abort')
      expect(log.rewound).toEqual([])
    })

    test('gives a lane back to the member that lost it', async () => {
      const { log, sink, app, at, wait, run } = setUp()
      app.snap(log, { sink: [sink] })(async (n) => {
        await wait(10)
        return n
      })
      at(25, async () => {
        await log.take('a', 'lost')
        await log.give('a')
      })
      await run()
      expect(inOrder(sink.committed)).toEqual(all)
    })

    test('drops a batch that was read before the rewind and arrives after it', async () => {
      const { log, sink, app, run } = setUp({ a: [1, 2, 3, 4] })
      sink.aborts.set(1, why)
      // The batch behind those of the transaction is read while it is aborted.
      let release = () => {}
      const open = log['~snapstream.source']
      Object.assign(log, {
        async '~snapstream.source'(options: Parameters<typeof open>[0]) {
          const reader = await open(options)
          let reads = 0
          return {
            ...reader,
            async read() {
              if (++reads !== 2) return reader.read()
              const batch = await reader.read()
              await new Promise<void>((resolve) => (release = resolve))
              return batch
            },
          }
        },
      })
      const openSink = sink['~snapstream.sink']
      Object.assign(sink, {
        async '~snapstream.sink'(options: Parameters<typeof openSink>[0]) {
          const writer = await openSink(options)
          return {
            ...writer,
            abort(reason: Error) {
              void writer.abort?.(reason)
              release()
            },
          }
        },
      })
      app.snap(log, { sink: [sink] })((n) => n)
      await run()
      expect(sink.committed).toEqual([1, 2, 3, 4])
      expect(log.rewound).toEqual([['a']])
    })

    test('keeps its lanes stopped while it is committed, and runs on if its sink takes values message by message', async () => {
      for (const flows of [false, true]) {
        const { host, log, sink, app, wait, run } = setUp(LANES, { flows })
        sink.flushMs = 100
        const times: number[] = []
        app.snap(log, { sink: [sink] })(async (n) => {
          times.push(host.monotonic())
          await wait(10)
          return n
        })
        await run()
        expect(inOrder(sink.committed)).toEqual(all)
        const within = times.filter((ms) => ms >= 40 && ms < 140)
        expect({ flows, runsOn: within.length > 0 }).toEqual({ flows, runsOn: flows })
      }
    })

    test('that lanes run on beside, and that is aborted, takes the messages that were handled meanwhile back, too', async () => {
      const { log, sink, app, aborts, wait, run } = setUp(LANES, { flows: true })
      Object.assign(sink, { flushMs: 25 })
      sink.aborts.set(1, why).set(3, why)
      app.snap(log, { sink: [sink] })(async (n) => {
        await wait(10)
        return n
      })
      await run()
      expect(inOrder(sink.committed)).toEqual(all)
      expect(aborts.map(({ error }) => error)).toEqual([why, why])
    })

    test('flushes again only after a pending flush, and a lane that is given up waits for both', async () => {
      const { host, log, sink, app, at, wait, run } = setUp(LANES, { flows: true })
      sink.flushMs = 60
      app.snap(log, { sink: [sink] })(async (n) => {
        await wait(10)
        return n
      })
      let gone: number | undefined
      at(50, async () => {
        await log.take('a', 'revoked')
        gone = host.monotonic()
        // Everything that was handled is committed, up to here.
        expect(log.committed.get('a')).toBe(5)
      })
      await run()
      expect(gone).toBe(35 + 2 * 60)
      expect(inOrder(sink.committed)).toEqual([...LANES.a.slice(0, 5), ...LANES.b])
    })

    test('keeps each output once with gaps, where keys are handled side by side', async () => {
      const { log, sink, app, aborts, wait, run } = setUp({ a: [1, 11, 2, 21, 3, 31, 4, 41] }, { flows: true })
      Object.assign(sink, { flushMs: 15 })
      for (const n of [1, 2, 4]) sink.aborts.set(n, why)
      app.snap(log, { sink: [sink], concurrency: 3 })(async (n) => {
        await wait(n % 10 === 1 ? 30 : 7)
        return n
      })
      await run(2000)
      expect(inOrder(sink.committed)).toEqual([1, 2, 3, 4, 11, 21, 31, 41])
      expect(sink.committed.filter((n) => Number(n) % 10 === 1)).toEqual([1, 11, 21, 31, 41])
      expect(aborts).toHaveLength(3)
    })

    test('keeps all outputs of a generator, each once', async () => {
      const { log, sink, app, aborts, wait, run } = setUp(LANES, { flows: true })
      Object.assign(sink, { flushMs: 12 })
      for (const n of [1, 3]) sink.aborts.set(n, why)
      app.snap(log, { sink: [sink] })(async function* (n) {
        yield n
        await wait(9)
        yield n + 0.5
      })
      await run(2000)
      expect(inOrder(sink.committed)).toEqual(inOrder(all.flatMap((n) => [n, n + 0.5])))
      expect(aborts).toHaveLength(2)
    })

    test('has no value of a message that is skipped after a sink refused its second value', async () => {
      const { sink, log, app, run } = setUp({ a: [1, 2, 3] }, { flows: true })
      const refusing = (value: unknown) => {
        if (value === 2.5) throw new Error('no')
      }
      app.snap(log, { sink: [sink, refusing], onError: 'skip' })(function* (n) {
        yield n
        yield n + 0.5
      })
      await run()
      expect(sink.committed).toEqual([1, 1.5, 3, 3.5])
    })

    test('of several sources takes all of them back', async () => {
      const host = createVirtualHost()
      const transaction = {}
      const logs = [transactionalLog({ lanes: { a: LANES.a } }), transactionalLog({ lanes: { b: LANES.b } })] as const
      const sink = transactionalSink(host, logs, { atomic: transaction })
      sink.aborts.set(2, why)
      const app = createApp({ host })
      const aborts: Events['abort'][] = []
      app.on('abort', (event) => aborts.push(event))
      const later = async (n: number) => {
        await new Promise<void>((resolve) => host.setTimeout(resolve, 10))
        return n
      }
      app.snap(logs[0], { name: 'one', sink: [sink] })(later)
      app.snap(logs[1], { name: 'two', sink: [route({ sink }, () => 'sink')] })(later)
      const stopping = new AbortController()
      host.setTimeout(() => stopping.abort(), 1000)
      await host.settle(app.stream({}, { checkpointMs: 35, signal: stopping.signal }))
      expect(inOrder(sink.committed)).toEqual(all)
      expect(logs.map(({ rewound }) => rewound)).toEqual([[['a']], [['b']]])
      expect(aborts).toEqual([{ bindings: ['one', 'two'], error: why, lanes: ['a', 'b'] }])
      expect(app.health().bindings.map(({ aborted }) => aborted)).toEqual([1, 1])
    })

    test('waits for no rewind when a lane is given up', async () => {
      const { log, sink, app, at, wait, run } = setUp()
      sink.aborts.set(1, why)
      let revoked = false
      // The rewind waits for the lane that is given up, as a rebalance may make it do.
      log.onRewind = async () => {
        while (!revoked) await wait(5)
      }
      app.snap(log, { sink: [sink] })((n) => n)
      at(50, async () => {
        await log.take('a', 'revoked')
        revoked = true
      })
      await run()
      expect(revoked).toBe(true)
      expect(sink.committed).toEqual(LANES.b)
    })

    test('commits nothing of a lane that is given up while it is aborted', async () => {
      const { log, sink, app, at, wait, run } = setUp(LANES)
      sink.flushMs = 20
      sink.aborts.set(1, why)
      app.snap(log, { sink: [sink] })((n) => n)
      // The flush that is aborted is pending.
      at(45, async () => {
        await log.take('a', 'revoked')
        expect(log.committed.get('a')).toBeUndefined()
        await wait(100)
        await log.give('a')
      })
      await run()
      expect(inOrder(sink.committed)).toEqual(all)
      expect(log.rewound).toEqual([['b']])
    })

    test('waits for no retry when it is aborted', async () => {
      const { log, sink, app, at, run } = setUp()
      let tries = 0
      app.snap(log, { sink: [sink], onError: { retries: 9, backoffMs: 5000 } })((n) => {
        if (n === 1 && tries++ === 0) throw new Error('not yet')
        return n
      })
      at(50, () => log.take('b', 'lost'))
      await run(1000)
      expect(sink.committed).toEqual(LANES.a)
    })

    test('waits in its flush for the verdicts of onError on refused values', async () => {
      const { log, sink, app, wait, run } = setUp({ a: [1, 2, 3] })
      const buried: unknown[] = []
      const open = sink['~snapstream.sink']
      let refuse: (() => Promise<void> | undefined) | undefined
      Object.assign(sink, {
        async '~snapstream.sink'(options: Parameters<typeof open>[0]) {
          const writer = await open(options)
          return {
            ...writer,
            write(value: unknown, origin: Parameters<typeof writer.write>[1]) {
              if (value !== 2) return writer.write(value, origin)
              const kept = origin?.keep?.()
              refuse = () => kept?.refuse(new Error('too large'), () => writer.write('again', origin))
            },
            async flush(checkpoint: Parameters<typeof writer.flush>[0]) {
              await wait(5)
              await refuse?.()
              refuse = undefined
              return writer.flush(checkpoint)
            },
          }
        },
      })
      app.snap(log, {
        sink: [sink],
        onError: { deadLetter: ({ message }: { message: unknown }) => buried.push(message) },
      })((n) => n)
      await run()
      expect(sink.committed).toEqual([1, 3])
      expect(buried).toEqual([2])
    })
  })
}
