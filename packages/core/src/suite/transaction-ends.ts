import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Checkpoint } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSource } from './fakes.ts'
import { statefulSink } from './stateful.ts'
import { LANES, all, inOrder, setUpTransaction, transactionalLog, transactionalSink } from './transactional.ts'
import type { SinkChanges } from './transactional.ts'

const why = new Error('the broker aborted it')

/** The end of a stream whose transaction is aborted, and failures of transactions. */
export function transactionEndSuite(core: Core): void {
  const { createApp } = core
  const setUp = (lanes?: Record<string, readonly number[]>, over?: SinkChanges, live?: boolean) =>
    setUpTransaction(core, lanes, over, live)

  describe('the end of a transaction', () => {
    test('with the last messages of a source that has ended is repeated before the stream ends', async () => {
      for (const flows of [false, true]) {
        const { log, sink, app, aborts, run } = setUp(LANES, { flows }, false)
        sink.aborts.set(1, why).set(2, why)
        const states: string[] = []
        app.on('stopping', ({ reason }) => states.push(`${reason} with ${sink.committed.length}`))
        app.snap(log, { sink: [sink] })((n) => n)
        await run(5000, { checkpointMs: 100_000 })
        expect(inOrder(sink.committed)).toEqual(all)
        expect(aborts).toHaveLength(2)
        expect(states).toEqual([`ended with ${all.length}`])
      }
    })

    test('comes after its state is prepared, which may still write into it', async () => {
      const { log, sink, app, run } = setUp({ a: [1] }, { flows: true }, false)
      const calls: string[] = []
      const state = statefulSink({}, calls)
      const open = sink['~snapstream.sink']
      const both = {
        '~snapstream.sink': async (options: Parameters<typeof open>[0]) => {
          const writer = await open(options)
          return {
            ...writer,
            prepare(checkpoint: Checkpoint) {
              calls.push('prepare the transaction')
              writer.prepare?.(checkpoint)
            },
            state: (await state['~snapstream.sink'](options)).state!,
          }
        },
      }
      app.snap(log, { sink: [both] })((n) => n)
      await run(1000)
      const prepared = calls.filter((call) => call.startsWith('prepare'))
      expect(prepared.slice(0, 2)).toEqual(['prepare', 'prepare the transaction'])
    })

    test('of a source that has ended is repeated while another source goes on', async () => {
      const host = createVirtualHost()
      const logs = [transactionalLog({ lanes: { a: LANES.a }, live: false }), transactionalLog({ lanes: {} })] as const
      const sink = transactionalSink(host, logs, { atomic: {} })
      sink.aborts.set(1, why)
      const app = createApp({ host })
      app.snap(logs[0], { sink: [sink] })((n) => n)
      app.snap(logs[1], { sink: [sink] })((n) => n)
      const stopping = new AbortController()
      host.setTimeout(() => stopping.abort(), 1000)
      await host.settle(app.stream({}, { checkpointMs: 35, signal: stopping.signal }))
      expect(sink.committed).toEqual(LANES.a)
    })

    test('that is aborted when the stream is stopped fails it: its messages are left to the next start', async () => {
      const { log, sink, app, aborts, wait, run } = setUp()
      sink.aborts.set(1, why)
      app.snap(log, { name: 'copy', sink: [sink] })(async (n) => {
        await wait(10)
        return n
      })
      await expect(run(30, { checkpointMs: 10_000 })).rejects.toMatchObject({
        code: 'TRANSACTION_ABORTED',
        message: expect.stringContaining('the last transaction of copy') as string,
        cause: why,
      })
      expect(aborts).toHaveLength(1)
      expect(sink.committed).toEqual([])
      expect(log.rewound).toEqual([])
      expect(sink.calls).toEqual(['flush', `abort: ${why.message}`])
    })

    test('that is aborted for a message that fails is not committed, and the stream fails with that error', async () => {
      const { log, sink, app, aborts, run } = setUp()
      app.snap(log, { sink: [sink] })(function* (n) {
        yield n
        if (n === 3) throw new Error('no')
      })
      await expect(run()).rejects.toSatisfy(
        (error: object) => 'code' in error && error.code === 'HANDLER_FAILED' && !('suppressed' in error),
      )
      expect(sink.committed).toEqual([])
      expect(aborts).toHaveLength(1)
      expect(sink.calls.at(-1)).toMatch(/^abort/)
    })

    test('leaves its lanes where they are if the stream is stopped during a rewind', async () => {
      const { log, sink, app, at, wait, run } = setUp()
      sink.aborts.set(1, why)
      let rewinding = false
      log.onRewind = async () => {
        rewinding = true
        await wait(500)
      }
      const handled: number[] = []
      app.snap(log, { sink: [sink] })((n) => void handled.push(n))
      at(60, () => expect(rewinding).toBe(true))
      await run(80)
      expect(inOrder(handled)).toEqual(all)
      expect(log.committed.size).toBe(0)
    })

    test('whose flush does not end stalls its binding, and the stream ends within shutdownMs', async () => {
      for (const over of [{}, { flows: true }]) {
        const { host, log, sink, app, run } = setUp(LANES, { ...over, flush: () => new Promise<void>(() => {}) })
        const stalls: string[] = []
        app.on('stall', ({ waitsFor }) => stalls.push(waitsFor))
        app.snap(log, { sink: [sink] })((n) => n)
        await expect(run(1000, { stallMs: 200, shutdownMs: 300 })).rejects.toMatchObject({
          code: 'SHUTDOWN_TIMEOUT',
          message: expect.stringContaining('checkpoint') as string,
        })
        expect(stalls).toEqual(['flush'])
        expect(host.monotonic()).toBeLessThan(1400)
      }
    })

    test('fails the stream if the sink cannot abort it, or a source cannot be rewound', async () => {
      const refuses = setUp(LANES, {
        abort() {
          throw new Error('cannot abort')
        },
      })
      refuses.sink.aborts.set(1, why)
      refuses.app.snap(refuses.log, { name: 'copy', sink: [refuses.sink] })((n) => n)
      await expect(refuses.run()).rejects.toMatchObject({
        code: 'SINK_FAILED',
        message: 'sink 1 of copy failed: cannot abort',
      })

      const stays = setUp()
      stays.sink.aborts.set(1, why)
      stays.log.onRewind = async () => {
        throw new Error('cannot rewind')
      }
      stays.app.snap(stays.log, { name: 'copy', sink: [stays.sink] })((n) => n)
      await expect(stays.run()).rejects.toMatchObject({
        code: 'SOURCE_FAILED',
        message: 'source 1 of copy failed: cannot rewind',
      })
      expect(stays.sink.committed).toEqual([])
    })

    test('is refused over a source that cannot be rewound, before any message is read', async () => {
      const host = createVirtualHost()
      const calls: string[] = []
      const source = fakeSource(calls, [{ lane: 'a', messages: ['x'] }])
      const app = createApp({ host })
      app.snap(source, { name: 'copy', sink: [transactionalSink(host, [])] })((value) => value)
      await expect(host.settle(app.stream())).rejects.toMatchObject({
        code: 'USAGE',
        message:
          'what feeds the exactly-once sink of copy has to be a source that can be rewound, such as a topic with a groupId, got an object with options, ~snapstream.key, ~snapstream.source',
      })
      expect(calls).toEqual(['close source'])
      const iterable = createApp({ host })
      iterable.snap([1], { sink: [transactionalSink(host, [])] })((n) => n)
      await expect(host.settle(iterable.stream())).rejects.toMatchObject({ code: 'USAGE' })
    })
  })
}
