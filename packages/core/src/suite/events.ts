import { describe, expect, test, vi } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { App, Events, Logger, ReaderOptions, SinkOptions } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'

const NAMES = [
  'start',
  'assigned',
  'revoked',
  'checkpoint',
  'retry',
  'skip',
  'dead-letter',
  'trouble',
  'stall',
  'unhandled',
  'late',
  'stopping',
  'stop',
] as const

/** All events of an app, in order. */
function record(app: Pick<App<{}>, 'on'>): [name: keyof Events, event: unknown][] {
  const events: [keyof Events, unknown][] = []
  for (const name of NAMES) app.on(name, (event) => events.push([name, event]))
  return events
}

export function eventSuite({ createApp, app: defaultApp, snap, stream }: Core): void {
  describe('lanes that move to another process', () => {
    const local = (log: string[]) => ({ ...fakeSink(log), '~snapstream.local': 'counts' })

    test.each([
      ['revoked', true, ['a leaves counts']],
      ['lost', true, ['a leaves counts']],
      ['paused', true, []],
      ['revoked', false, []],
    ] as const)(
      'are reported with the local sinks that keep their values: %s, with a local sink: %s',
      async (reason, keeps, told) => {
        const host = createVirtualHost()
        const app = createApp({ host })
        const moves: string[] = []
        app.on('moved', ({ lanes, keptBy }) => moves.push(`${lanes.join()} leaves ${keptBy.join()}`))
        const source = fakeSource([], [{ lane: 'a', messages: [1] }], { live: true })
        const stopping = new AbortController()
        host.setTimeout(async () => {
          // Lane b has no handled message.
          await source.options?.assigned(['b'])
          await source.options?.revoked(['a', 'b'], reason)
          stopping.abort()
        }, 100)
        const sink = keeps ? local([]) : fakeSink([])
        app.snap(source, { sink: [{ ...fakeSink([]), '~snapstream.targets': [sink] }] })((n) => n)
        await host.settle(app.stream({}, { signal: stopping.signal }))
        expect(moves).toEqual(told)
      },
    )
  })

  describe('events', () => {
    test('report the states of a stream', async () => {
      const host = createVirtualHost()
      const app = createApp({ host, signals: true })
      const events = record(app)
      const source = fakeSource([], [{ lane: 'a', messages: [1] }], { live: true })
      app.snap(source, { name: 'one' })(() => {})
      app.snap(source, { name: 'two' })(() => {})
      host.setTimeout(() => void source.options?.assigned(['b', 'c']), 10)
      host.setTimeout(() => void source.options?.revoked(['c'], 'lost'), 1020)
      host.setTimeout(() => host.signal(), 1500)
      await host.settle(app.stream())
      const bindings = ['one', 'two']
      expect(events).toEqual([
        ['start', { bindings }],
        ['assigned', { bindings, lanes: ['b', 'c'] }],
        ['checkpoint', { id: 1, durationMs: 0, lanes: 1 }],
        ['revoked', { bindings, lanes: ['c'], reason: 'lost' }],
        ['stopping', { reason: 'signal', error: undefined }],
        ['checkpoint', { id: 2, durationMs: 0, lanes: 0 }],
        ['stop', { undone: [], error: undefined }],
      ])
    })

    test('report once why the end begins, and the error that stream rejects with', async () => {
      const ends = async (handler: (n: number, context: { readonly stop: () => void }) => void, abort = false) => {
        const app = createApp()
        const events = record(app)
        app.snap([1, 2])(handler)
        const error: unknown = await app
          .stream({}, { signal: abort ? AbortSignal.abort() : AbortSignal.timeout(60_000) })
          .catch((thrown: unknown) => thrown)
        const [stopping, ...more] = events.flatMap(([name, event]) =>
          name === 'stopping' ? [event as Events['stopping']] : [],
        )
        expect(more).toEqual([])
        expect(events.at(-1)).toEqual(['stop', { undone: [], error }])
        expect(stopping?.error).toBe(error)
        return stopping?.reason
      }
      expect(await ends(() => {})).toBe('ended')
      expect(await ends((_, { stop }) => stop())).toBe('stop')
      expect(await ends(() => {}, true)).toBe('abort')
      const fails = () => {
        throw new Error('no')
      }
      expect(await ends(fails)).toBe('failure')
    })

    test('report retries, skips and dead letters, with the place of the message', async () => {
      const host = createVirtualHost({ random: () => 0.5 })
      const app = createApp({ host })
      const events = record(app)
      const lanes = [{ lane: 'a', messages: ['x', 'y'], broken: [1] }]
      const fails = () => {
        throw new Error('no')
      }
      app.snap(fakeSource([], lanes), { name: 'skips', onError: 'skip' })(fails)
      const onError = { retries: 1, backoffMs: 40, deadLetter: () => {} }
      app.snap(fakeSource([], lanes), { name: 'buries', onError })(fails)
      await host.settle(app.stream())
      const no = expect.objectContaining({ message: 'no' }) as Error
      const undecoded = expect.objectContaining({ message: 'message 1 did not decode' }) as Error
      const at = (binding: string, offset: number) => ({ binding, topic: 'orders', partition: 3, offset, key: 'k' })
      const told = events.filter(([name]) => ['retry', 'skip', 'dead-letter'].includes(name))
      expect(told).toHaveLength(5)
      expect(told).toEqual(
        expect.arrayContaining([
          ['skip', { ...at('skips', 40), error: no, attempts: 1 }],
          ['skip', { ...at('skips', 41), error: undecoded, attempts: 1 }],
          ['retry', { ...at('buries', 40), error: no, attempt: 1, waitMs: 30 }],
          ['dead-letter', { ...at('buries', 40), error: no, attempts: 2 }],
          ['dead-letter', { ...at('buries', 41), error: undecoded, attempts: 1 }],
        ]),
      )
    })

    test('report the trouble of sources and sinks, with the bindings that use them', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const events = record(app)
      let sink: SinkOptions | undefined
      const target = {
        '~snapstream.sink'(options: SinkOptions) {
          sink = options
          return { write() {}, flush() {} }
        },
      }
      const source = fakeSource([], [{ lane: 'a', messages: [1] }])
      app.snap(source, { name: 'reads' })(() => (source.options as ReaderOptions).trouble(new Error('away')))
      app.snap([1], { name: 'writes', sink: [target] })(() => sink?.trouble(new Error('slow')))
      app.snap([1], { name: 'buries', onError: { deadLetter: target } })(() => {})
      await host.settle(app.stream())
      const troubles = events.filter(([name]) => name === 'trouble')
      expect(troubles).toHaveLength(2)
      expect(troubles).toEqual(
        expect.arrayContaining([
          ['trouble', { role: 'sink', bindings: ['writes', 'buries'], error: new Error('slow') }],
          ['trouble', { role: 'source', bindings: ['reads'], error: new Error('away') }],
        ]),
      )
      expect(app.health().bindings.map(({ lastError }) => lastError?.error.message)).toEqual(['away', 'slow', 'slow'])
    })

    test('go to each listener until it is removed, in every run', async () => {
      const app = createApp()
      const heard: string[] = []
      const hear = ({ bindings }: Events['start']) => heard.push(bindings.join())
      const stops = [app.on('start', hear), app.on('start', hear)]
      for (const name of ['first', 'second', 'third']) {
        app.snap([1], { name })(() => {})
        await app.stream()
        stops.pop()?.()
      }
      expect(heard).toEqual(['first', 'first', 'second'])
    })

    test('a listener that throws or rejects is reported, and the stream goes on', async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
      const app = createApp()
      const handled: number[] = []
      app.on('start', () => {
        throw new Error('thrown')
      })
      app.on('start', () => Promise.reject(new Error('rejected')))
      const after = vi.fn<() => void>()
      app.on('start', after)
      app.snap([1, 2])((n) => void handled.push(n))
      await app.stream()
      expect(handled).toEqual([1, 2])
      expect(after).toHaveBeenCalledOnce()
      expect(warn.mock.calls).toEqual([
        ['snapstream: a listener of start threw', expect.objectContaining({ message: 'thrown' })],
        ['snapstream: a listener of start threw', expect.objectContaining({ message: 'rejected' })],
      ])
      warn.mockRestore()
    })

    test('of the top-level functions are those of the app that is exported', async () => {
      const start = vi.fn<(event: Events['start']) => void>()
      const stop = defaultApp.on('start', start)
      snap([1], { name: 'top' })(() => {})
      await stream()
      stop()
      expect(start).toHaveBeenCalledExactlyOnceWith({ bindings: ['top'] })
      expect(defaultApp.health()).toMatchObject({ live: true, bindings: [{ name: 'top', handled: 1 }] })
    })
  })

  describe('a logger', () => {
    test('gets a line for each event, and the event', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const lines: unknown[][] = []
      const level = (name: string) => (line: string, event: unknown) => void lines.push([name, line, event])
      const logger = { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') }
      const started = record(app)
      const onError = (_: Error, __: unknown, attempt: number) => (attempt === 1 ? 'retry' : 'stop')
      const source = fakeSource([], [{ lane: 'a', messages: [1] }])
      app.snap(source, { name: 'enrich', onError })(() => {
        throw new Error('no database')
      })
      await expect(host.settle(app.stream({}, { logger }))).rejects.toThrow('no database')
      expect(lines.map(([name, line]) => `${String(name)} ${String(line)}`)).toEqual([
        'info snapstream start: bindings enrich',
        'warn snapstream retry: binding "enrich", topic "orders", partition 3, offset 40, key "k", error no database, attempt 1, waitMs 100',
        'error snapstream stopping: reason "failure", error enrich at orders/3 offset 40 failed: no database',
        'error snapstream stop: error enrich at orders/3 offset 40 failed: no database',
      ])
      const told = started.filter(([name]) => name !== 'checkpoint')
      expect(lines.map(([, , event]) => event)).toEqual(told.map(([, event]) => event))
    })

    test('that throws is reported on the console, and the stream goes on', async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
      const app = createApp()
      const full = () => {
        throw new Error('full')
      }
      app.snap([1])(() => {})
      await app.stream({}, { logger: { debug: full, info: full, warn: full, error: full } })
      expect(warn.mock.calls[0]).toEqual([
        'snapstream: a listener of start threw',
        expect.objectContaining({ message: 'full' }),
      ])
      warn.mockRestore()
    })

    test('is refused without one of its functions', async () => {
      const app = createApp()
      app.snap([1])(() => {})
      const logger = { debug() {}, info() {}, warn() {} } as unknown as Logger
      await expect(app.stream({}, { logger })).rejects.toThrow('logger.error has to be a function, got undefined')
    })

    test('is allowed as a field of the context', async () => {
      const app = createApp<{ logger: string }>()
      const got: string[] = []
      app.snap([1])((_, { logger }) => void got.push(logger))
      await app.stream({ logger: 'mine' })
      expect(got).toEqual(['mine'])
    })
  })
}
