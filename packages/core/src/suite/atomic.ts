import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Checkpoint, Lane, SinkTarget, SinkWriter } from '../index.ts'
import { isThenable } from '../adapter/promise.ts'

import { route } from '../operators/route.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'
import type { FakeLane } from './fakes.ts'

type FakeSource = ReturnType<typeof fakeSource>

/** Stores values together with their positions, like a database. */
function atomicSink(over: Partial<SinkWriter<unknown>> = {}) {
  const kept: { effects: unknown[]; positions: Map<Lane, unknown> }[] = []
  let buffer: unknown[] = []
  const sink = fakeSink([], {
    atomic: true,
    write: (value) => void buffer.push(value),
    positions: () => {},
    flush({ positions }: Checkpoint) {
      const [all = new Map()] = positions.values()
      if (buffer.length > 0) kept.push({ effects: buffer, positions: new Map(all) })
      buffer = []
    },
    ...over,
  })
  return { sink, kept }
}

export function atomicSuite({ createApp }: Core): void {
  function setUp(lanes: readonly FakeLane[], over?: Partial<SinkWriter<unknown>>) {
    const host = createVirtualHost()
    const source = fakeSource([], lanes, { live: true })
    const wait = (ms: number) => new Promise<void>((resolve) => host.setTimeout(resolve, ms))
    const stopAt = (ms: number) => {
      const stopping = new AbortController()
      host.setTimeout(() => stopping.abort(), ms)
      return stopping.signal
    }
    return { host, source, app: createApp({ host }), wait, stopAt, ...atomicSink(over) }
  }
  /** Key `slow` takes ten times as long as others. */
  const lane = (id: string, ...keys: string[]): FakeLane => ({
    lane: id,
    messages: keys.map((key, i) => ({ key, i })),
  })
  type Keyed = { key: string; i: number }
  const slowly = (wait: (ms: number) => Promise<void>) => async (message: unknown) => {
    const { key, i } = message as Keyed
    await wait(key === 'slow' ? 100 : 10)
    return i
  }

  describe('what feeds an atomic sink', () => {
    test('has no gaps at a checkpoint, at a revocation or at the end', async () => {
      for (const event of ['checkpoint', 'revoked', 'lost', 'end']) {
        const { host, source, app, wait, stopAt, sink, kept } = setUp([lane('a', 'slow', 'slow', 'x', 'y', 'slow')])
        app.snap(source, { sink: [sink], concurrency: 2 })(slowly(wait))
        if (event === 'revoked' || event === 'lost')
          host.setTimeout(() => void source.options?.revoked(['a'], event), 50)
        const checkpointMs = event === 'checkpoint' ? 50 : 10_000
        await host.settle(app.stream({}, { checkpointMs, signal: stopAt(event === 'end' ? 50 : 1000) }))
        // The run waits for the two slow messages before the quick ones 2 and 3, and does not start the one behind them.
        expect({ event, ...kept[0] }).toEqual({ event, effects: [2, 3, 0, 1], positions: new Map([['a', 4]]) })
      }
    })

    test('is not flushed after a message that failed, or that was given up while it waited for its retry', async () => {
      for (const [onError, code] of [
        ['stop', 'HANDLER_FAILED'],
        [{ retries: 9, backoffMs: 60_000 }, 'SHUTDOWN_TIMEOUT'],
      ] as const) {
        const { host, source, app, stopAt, sink, kept } = setUp([lane('a', 'x', 'bad', 'y')])
        app.snap(source, { sink: [sink], onError })(function* (message) {
          yield 'first'
          if ((message as Keyed).key === 'bad') throw new Error('no')
        })
        const outcome = await host
          .settle(app.stream({}, { checkpointMs: 10_000, signal: stopAt(500) }))
          .catch((error: { code: string }) => error.code)
        expect(outcome).toBe(code)
        expect(kept).toEqual([])
      }
    })

    test('is retried until it succeeds before its lane is given up', async () => {
      const { host, source, app, stopAt, sink, kept } = setUp([lane('a', 'x')])
      let tries = 0
      app.snap(source, { sink: [sink], onError: { retries: 3, backoffMs: 200 } })(() => {
        if (++tries < 3) throw new Error('not yet')
        return 'done'
      })
      host.setTimeout(() => void source.options?.revoked(['a'], 'revoked'), 50)
      await host.settle(app.stream({}, { checkpointMs: 10_000, signal: stopAt(5000) }))
      expect(kept).toEqual([{ effects: ['done'], positions: new Map([['a', 1]]) }])
    })

    test('starts no message while a checkpoint stops the other lanes', async () => {
      const log: string[] = []
      const { host, source, app, wait, stopAt, sink, kept } = setUp([lane('a', 'x'), lane('b', 'y')])
      // This sink is flushed first, and slowly.
      const slow = fakeSink(log, { write() {}, flush: () => wait(100) })
      const held = source['~snapstream.source']
      let reads = 0
      const slowly: typeof held = async (options) => {
        const reader = await held.call(source, options)
        return {
          ...reader,
          async read() {
            // The second lane is assigned during that flush.
            if (reads++ === 1) await wait(80)
            return reader.read()
          },
        }
      }
      Object.assign(source, { '~snapstream.source': slowly })
      app.snap(source, { sink: [sink, slow] })((message) => (message as Keyed).key)
      await host.settle(app.stream({}, { checkpointMs: 50, signal: stopAt(1000) }))
      expect(kept).toEqual([
        { effects: ['x'], positions: new Map([['a', 1]]) },
        { effects: ['y'], positions: new Map([['b', 1]]) },
      ])
    })

    test('is flushed early when the sink requests a checkpoint', async () => {
      const { host, source, app, wait, stopAt, kept } = setUp([lane('a', 'x', 'x', 'x', 'x')])
      const { sink, kept: early } = atomicSink()
      let ask: (() => void) | undefined
      const full = {
        '~snapstream.sink': async (options: Parameters<(typeof sink)['~snapstream.sink']>[0]) => {
          ask = options.checkpoint
          return sink['~snapstream.sink'](options)
        },
      }
      app.snap(source, { sink: [full] })(async (message) => {
        await wait(10)
        if ((message as Keyed).i === 1) ask?.()
        return (message as Keyed).i
      })
      await host.settle(app.stream({}, { checkpointMs: 10_000, signal: stopAt(500) }))
      expect(kept).toEqual([])
      expect(early.map(({ effects }) => effects)).toEqual([
        [0, 1],
        [2, 3],
      ])
    })

    test('may write to several sinks of one transaction: in a binding, in two, and behind a route', async () => {
      const transaction = {}
      for (const bind of ['a binding', 'two bindings', 'a route'] as const) {
        const { host, app, stopAt } = setUp([])
        const log: string[] = []
        const flush = ({ positions }: Checkpoint) => {
          const all = [...positions.values()].flatMap((of) => [...of].map(([id, position]) => `${id}=${position}`))
          if (all.length > 0) log.push(`flush ${all.join(' ')}`)
        }
        const [sink, twin] = ['one', 'twin'].map((name) =>
          fakeSink([], { atomic: transaction, write: (value) => void log.push(`${name} ${String(value)}`), flush }),
        ) as [SinkTarget<unknown>, SinkTarget<unknown>]
        const [first, second] = ['a', 'b'].map((id) => fakeSource(log, [lane(id, 'x')], { live: true })) as [
          FakeSource,
          FakeSource,
        ]
        const handler = (message: unknown) => (message as Keyed).key
        if (bind === 'a binding') app.snap(first, { sink: [sink, twin] })(handler)
        else if (bind === 'a route') app.snap(first, { sink: [route({ sink, twin }, () => ['sink', 'twin'])] })(handler)
        else {
          app.snap(first, { sink: [sink] })(handler)
          app.snap(second, { sink: [twin] })(handler)
        }
        await host.settle(app.stream({}, { checkpointMs: 50, signal: stopAt(500) }))
        expect([bind, ...log.filter((line) => !/done|close/.test(line))]).toEqual([
          bind,
          'one x',
          'twin x',
          bind === 'two bindings' ? 'flush a=1 b=1' : 'flush a=1',
        ])
      }
    })

    test('runs each attempt within enclose(), and calls undo() for a failed one', async () => {
      const run = async (onError: object | 'skip', behind: 'route' | 'use') => {
        const log: string[] = []
        let inside = 0
        const over: Partial<SinkWriter<unknown>> = {
          enclose<T>(handle: () => T): T {
            const number = ++inside
            log.push(`begin ${number}`)
            const outcome = handle()
            if (!isThenable(outcome)) log.push(`kept ${number}`)
            else
              outcome.then(
                (skipped) => log.push(`${skipped === true ? 'skipped' : 'kept'} ${number}`),
                () => log.push(`failed ${number}`),
              )
            return outcome
          },
          undo: () => void log.push('undo'),
          write(value) {
            if (value === 'refused') throw new Error('refused')
            log.push(`write ${String(value)}`)
          },
        }
        const { host, source, app, stopAt, sink } = setUp([lane('a', 'plain', 'refused', 'throws', 'later')], over)
        const opened = { ...sink, open: async () => {}, close: async () => {} }
        const options = behind === 'use' ? { use: [opened], sink: [opened] } : { sink: [route({ sink }, () => 'sink')] }
        let tries = 0
        app.snap(source, { ...options, onError })((message) => {
          const { key } = message as Keyed
          if (key === 'throws' && ++tries === 1) throw new Error('no')
          return key === 'later' ? Promise.resolve(key) : key
        })
        await host.settle(app.stream({}, { signal: stopAt(500) }))
        return log
      }
      const begun = ['begin 1', 'write plain', 'kept 1', 'begin 2', 'skipped 2', 'begin 3', 'undo']
      expect(await run('skip', 'route')).toEqual([...begun, 'skipped 3', 'begin 4', 'write later', 'kept 4'])
      expect(await run({ retries: 1, backoffMs: 10, deadLetter() {} }, 'use')).toEqual([
        ...begun,
        'begin 4',
        'write throws',
        'kept 4',
        'kept 3',
        'begin 5',
        'write later',
        'kept 5',
      ])
    })

    test('without abort fails the stream when values of a lost lane are in it, and is not flushed', async () => {
      const { host, source, app, wait, sink, kept } = setUp([lane('a', 'x', 'x', 'x')], {
        positions: undefined as never,
      })
      app.snap(source, { name: 'copy', sink: [sink] })(slowly(wait))
      host.setTimeout(() => void source.options?.revoked(['a'], 'lost'), 15)
      await expect(host.settle(app.stream())).rejects.toMatchObject({
        code: 'TRANSACTION_ABORTED',
        message: 'lanes were lost, or a message failed',
      })
      expect(kept).toEqual([])
    })

    test('fails before any message is read if accepts() of the sink throws', async () => {
      const { host, source, app, sink } = setUp([lane('a', 'x')], {
        accepts() {
          throw new Error('these mean nothing to me')
        },
      })
      app.snap(source, { sink: [sink] })((message) => message)
      await expect(host.settle(app.stream())).rejects.toThrow('mean nothing')
      expect(source.options).toBeUndefined()
    })
  })
}
