import { describe, expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { snap } from '../default-app.ts'
import type { BatchSource, Origin, Resource, SinkTarget } from '../protocol.ts'
import { fakeSink, fakeSource } from '../suite/fakes.ts'
import { laneLog, statefulSink } from '../suite/stateful.ts'
import { boundTo, createVirtualHost, startTestRun } from './index.ts'

const quiet = () => new Promise<void>((resolve) => void setImmediate(resolve))

describe('startTestRun', () => {
  test('runs the default app several times', async () => {
    const seen: number[] = []
    snap([1, 2])((n) => void seen.push(n))
    for (const _ of [1, 2]) {
      const host = createVirtualHost()
      await host.settle(startTestRun({ host }).ended)
    }
    expect(seen).toEqual([1, 2, 1, 2])
    expect(boundTo()).toEqual([[1, 2]])
  })

  test('runs like stream: context, errors, checkpoints and the end', async () => {
    const host = createVirtualHost()
    const log: string[] = []
    const app = createApp<{ unit: string }>()
    const source = fakeSource(log, [{ lane: 'a', messages: [1, 2] }], { live: true })
    app.snap(source, { sink: [fakeSink(log)] })((n, { unit }) => `${String(n)}${unit}`)
    const run = startTestRun({ app, host, context: { unit: 'm' }, checkpointMs: 100 })
    await host.advance(100)
    expect(new Set(log.slice(0, 3))).toEqual(new Set(['write 1m', 'write 2m', 'done a 2']))
    expect(log.slice(3)).toEqual(['flush', 'commit a=2'])
    host.signal()
    await host.settle(run.ended)
    expect(log.slice(-2)).toEqual(['close source', 'close sink'])
    expect([run.pending, host.timers]).toEqual([{ functions: 0, adapters: 0 }, 0])
  })

  test('ticks, turns, starts and origins go through, with the sources that are bound', async () => {
    const host = createVirtualHost()
    const app = createApp()
    const calls: string[] = []
    const log = laneLog({ a: [1, 2], b: [] }, calls)
    let mayGoOn = () => {}
    const turn = new Promise<void>((resolve) => (mayGoOn = resolve))
    let isTurn = false
    const origins: unknown[] = []
    const note = ({ message, source }: Origin) => void origins.push([String(message), source === log])
    const clock = statefulSink({
      turn(origin) {
        note(origin)
        return isTurn ? undefined : turn
      },
    })
    const sink = fakeSink([], { write: (_, origin) => note(origin as Origin) })
    app.snap(log, { sink: [sink, clock] })((message) => message)
    const run = startTestRun({ app, host, checkpointMs: 100 })
    await host.advance(10)
    // A message that waits for its turn is no pending call.
    expect([run.pending, origins]).toEqual([{ functions: 0, adapters: 0 }, [['1', true]]])
    const { tick, idle } = clock.options ?? {}
    expect([idle?.(log, 'a'), idle?.(log, 'b'), idle?.(log, 'c')]).toEqual([false, true, false])
    const message: object = { toString: () => 'tick' }
    expect(tick?.(log, 'b', message)).toBe(true)
    isTurn = true
    mayGoOn()
    await host.advance(100)
    expect(origins.slice(1)).toEqual(['tick', '1', '1', '2', '2'].map((name) => [name, true]))
    expect(calls).toEqual(['position a=2', 'position b=0'])
    run.kill()
    expect(tick?.(log, 'b', message)).toBe(false)
  })

  test('rejects with the failure, and refuses an app that cannot run', async () => {
    const host = createVirtualHost()
    const app = createApp()
    expect(() => startTestRun({ app, host })).toThrow('nothing is bound')
    expect(() => startTestRun({ app: { bindings: [{ name: 'x' }] }, host })).toThrow('made by createApp')
    app.snap([1])(() => {
      throw new Error('no')
    })
    await expect(host.settle(startTestRun({ app, host }).ended)).rejects.toMatchObject({ code: 'HANDLER_FAILED' })
  })

  test('counts pending calls of handlers, generators and sinks', async () => {
    const host = createVirtualHost()
    const app = createApp()
    let answer = () => {}
    let yielded: (value?: unknown) => void = () => {}
    app.snap([1])(() => new Promise<void>((resolve) => (answer = resolve)))
    app.snap([1])(async function* () {
      await new Promise((resolve) => (yielded = resolve))
      yield 1
    })
    let flushed = () => {}
    app.snap([1], { sink: [fakeSink([], { flush: () => new Promise<void>((resolve) => (flushed = resolve)) })] })(
      (n) => n,
    )
    const run = startTestRun({ app, host })
    await host.advance(0)
    expect(run.pending).toEqual({ functions: 2, adapters: 0 })
    answer()
    await quiet()
    expect(run.pending).toEqual({ functions: 1, adapters: 0 })
    yielded()
    await quiet()
    await quiet()
    expect(run.pending).toEqual({ functions: 0, adapters: 1 })
    flushed()
    await host.settle(run.ended)
  })

  test('sinks find what the test puts into the scope of the run', async () => {
    const host = createVirtualHost()
    const app = createApp()
    const found: unknown[] = []
    const sink: SinkTarget<number> = {
      '~snapstream.sink': ({ scope }) => {
        found.push(scope.get('kit'))
        return { write() {}, flush() {} }
      },
    }
    app.snap([1], { sink: [sink] })((n) => n)
    await host.settle(startTestRun({ app, host, scope: new Map([['kit', 'given']]) }).ended)
    await host.settle(startTestRun({ app, host }).ended)
    expect(found).toEqual(['given', undefined])
  })

  test('the app reports events and health as for any run', async () => {
    const host = createVirtualHost()
    const app = createApp()
    const told: unknown[] = []
    app.on('start', ({ bindings }) => told.push(bindings))
    app.on('stop', () => told.push('stop'))
    app.snap(fakeSource([], [{ lane: 'a', messages: [1, 2] }]), { name: 'one' })(() => {})
    await host.settle(startTestRun({ app, host }).ended)
    expect(told).toEqual([['one'], 'stop'])
    expect(app.health().bindings).toMatchObject([{ name: 'one', handled: 2 }])
  })

  test('kill ends all handling, writing, flushing and committing, and closes everything', async () => {
    const host = createVirtualHost()
    const log: string[] = []
    const app = createApp()
    const gates: (() => void)[] = []
    const resource: Resource = {
      open: async () => void log.push('open resource'),
      close: async () => void log.push('close resource'),
    }
    const source = fakeSource(log, [{ lane: 'a', messages: [1, 2, 3] }], { live: true })
    app.snap(source, { sink: [fakeSink(log)], use: [resource] })(async (n) => {
      log.push(`handle ${String(n)}`)
      await new Promise<void>((resolve) => gates.push(resolve))
      return n
    })
    let ended = false
    const run = startTestRun({ app, host, checkpointMs: 10 })
    run.ended.then(
      () => (ended = true),
      () => (ended = true),
    )
    await host.advance(0)
    gates[0]?.()
    await host.advance(5)
    run.kill()
    gates[1]?.()
    await host.advance(100_000)
    expect(log).toEqual([
      'open resource',
      'handle 1',
      'write 1',
      'handle 2',
      'close source',
      'close sink',
      'close resource',
    ])
    expect([ended, host.timers, run.timers]).toEqual([false, 0, 0])
  })

  test('kill during the opening closes sources and sinks once they are open', async () => {
    const host = createVirtualHost()
    const log: string[] = []
    const app = createApp()
    let opened = () => {}
    const slow: SinkTarget<unknown> = {
      '~snapstream.sink': async () => {
        await new Promise<void>((resolve) => (opened = resolve))
        return { write() {}, flush() {}, close: () => void log.push('close sink') }
      },
    }
    app.snap(fakeSource(log, []), { sink: [slow] })((n) => n)
    const run = startTestRun({ app, host })
    await host.advance(0)
    run.kill()
    opened()
    await host.advance(0)
    expect(log).toEqual(['close sink'])
  })

  test('adapters get the objects that were bound, and keep their this', async () => {
    const host = createVirtualHost()
    const app = createApp()
    const told: unknown[] = []
    class Log implements BatchSource<number>, SinkTarget<number> {
      readonly '~snapstream.bounded' = true
      readonly numbers = [1, 2]
      '~snapstream.key'(n: number) {
        return this.numbers.indexOf(n)
      }
      '~snapstream.source'() {
        const left = [...this.numbers]
        return {
          read: () => {
            const n = left.shift()
            return n === undefined
              ? undefined
              : { lane: 0, messages: [n], bytes: 0, position: (count: number) => n - 1 + count, done() {} }
          },
          commit() {},
          close() {},
        }
      }
      '~snapstream.sink'() {
        const { numbers } = this
        return {
          write: (n: number) => void told.push(numbers.length * n),
          flush: ({ positions }: { readonly positions: ReadonlyMap<unknown, unknown> }) =>
            void told.push(...positions.keys()),
        }
      }
    }
    const log = new Log()
    app.snap(log, { sink: [log], concurrency: 2 })((n) => n)
    await host.settle(startTestRun({ app, host }).ended)
    expect(told).toEqual([2, 4, log])
  })

  test('a state gets the sources that were bound, and no call after a kill', async () => {
    const host = createVirtualHost()
    const app = createApp()
    const log = laneLog({ a: [1, 2, 3] })
    const store = statefulSink()
    app.snap(log, { sink: [store] })(async (n) => {
      await new Promise<void>((resolve) => void host.setTimeout(resolve, 10))
      return n
    })
    const run = startTestRun({ app, host, checkpointMs: 100 })
    await host.advance(25)
    expect([store.options?.sources, [...store.sources]]).toEqual([[log], [log]])
    run.kill()
    await host.advance(100_000)
    const kept = ['open a', 'begin 1', 'write 1', 'release 1', 'begin 2', 'write 2', 'release 2', 'begin 3']
    expect(store.calls).toEqual(kept)
  })
})
