import { describe, expect, test } from 'vitest'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'

/** Wrong calls that the types would reject. */
type Loose = (...args: unknown[]) => (handler: unknown) => unknown

const SOURCE = 'a topic, a cache or an iterable such as [1, 2], listed once'
const SINK = 'a topic, a cache or a function'
const RETRIES = 'retries of onError of handler has to be a whole number of 0 or more'

export function usageSuite({ createApp, SnapstreamError }: Core): void {
  describe('bad input', () => {
    const app = createApp()
    const loose = app.snap as Loose
    const handler = () => {}
    const cases: [what: string, call: () => unknown, message: string][] = [
      ['no source', () => loose({ sink: [] })(handler), 'snap has to be given at least one source, got 0'],
      ['a string as source', () => loose('orders')(handler), `source 1 of snap has to be ${SOURCE}, got "orders"`],
      ['a number as source', () => loose([1], 42)(handler), `source 2 of snap has to be ${SOURCE}, got 42`],
      [
        'a source listed twice',
        () => {
          const s = [1]
          loose(s, s)(handler)
        },
        `source 2 of snap has to be ${SOURCE}, got an array of 1`,
      ],
      [
        'a misspelt option',
        () => loose([1], { sinks: [] })(handler),
        'an option of snap has to be one of name, sink, use, concurrency, key, timestamp, onError, cycle, maxProcessingMs, got "sinks"',
      ],
      [
        'a handler that is no function',
        () => loose([1])('handler'),
        'the handler of snap has to be a function, got "handler"',
      ],
      [
        'a sink that is no function',
        () => loose([1], { sink: [42] })(handler),
        `sink 1 of handler has to be ${SINK}, got 42`,
      ],
      [
        'a sink outside an array',
        () => loose([1], { sink: handler })(handler),
        'sink of handler has to be an array, got a Function',
      ],
      [
        'a use without open and close',
        () => loose([1], { use: [{}] })(handler),
        'use 1 of handler has to be a topic, a cache or an object with open() and close(), got an object with no fields',
      ],
      [
        'concurrency without a key',
        () => loose([1], { concurrency: 2 })(handler),
        'concurrency of handler has to be 1 without a key, got 2',
      ],
      [
        'a concurrency of nothing',
        () => loose([1], { concurrency: 0 })(handler),
        'concurrency of handler has to be a whole number of 1 or more, got 0',
      ],
      [
        'a concurrency of one and a half',
        () => loose([1], { concurrency: 1.5, key: handler })(handler),
        'concurrency of handler has to be a whole number of 1 or more, got 1.5',
      ],
      ['half a retry', () => loose([1], { onError: { retries: 0.5 } })(handler), `${RETRIES}, got 0.5`],
      ['a retry for ever', () => loose([1], { onError: { retries: Infinity } })(handler), `${RETRIES}, got Infinity`],
      [
        'a key that is no function',
        () => loose([1], { key: 'id' })(handler),
        'key of handler has to be a function, got "id"',
      ],
      [
        'an unknown onError',
        () => loose([1], { onError: 'ignore' })(handler),
        `onError of handler has to be 'stop', 'skip', a function or { retries, backoffMs, deadLetter }, got "ignore"`,
      ],
      [
        'a misspelt retry',
        () => loose([1], { onError: { retry: 3 } })(handler),
        'an option of onError of handler has to be one of retries, backoffMs, deadLetter, got "retry"',
      ],
      ['negative retries', () => loose([1], { onError: { retries: -1 } })(handler), `${RETRIES}, got -1`],
      [
        'a dead letter that is no sink',
        () => loose([1], { onError: { deadLetter: 1 } })(handler),
        `deadLetter of handler has to be ${SINK}, got 1`,
      ],
    ]
    test.each(cases)('%s is refused', (_, call, message) => {
      let thrown: unknown
      try {
        call()
      } catch (error) {
        thrown = error
      }
      expect(SnapstreamError.is(thrown)).toBe(true)
      expect((thrown as Error).message).toBe(message)
      expect(thrown).toMatchObject({ code: 'USAGE', name: 'SnapstreamError' })
    })

    test('stream without bindings is refused', async () => {
      await expect(createApp().stream()).rejects.toMatchObject({
        code: 'NOTHING_BOUND',
        message: 'nothing is bound; call snap first',
      })
    })

    test('stream twice at once is refused, and the first goes on', async () => {
      const own = createApp()
      const out: number[] = []
      own.snap([1, 2], { sink: [(n: number) => out.push(n)] })(async (n) => n)
      const first = own.stream()
      await expect(own.stream()).rejects.toMatchObject({
        code: 'ALREADY_RUNNING',
        message: 'the stream is running; await it',
      })
      expect(() => own.snap([1])(handler)).toThrow('the stream is running; await it')
      await first
      expect(out).toEqual([1, 2])
    })

    test('a snap without its handler is refused, and removed', async () => {
      const own = createApp()
      own.snap([1])
      await expect(own.stream()).rejects.toMatchObject({
        code: 'USAGE',
        message: 'snap(...) has to be given a handler: snap(...)(handler), got undefined',
      })
      await expect(own.stream()).rejects.toMatchObject({ code: 'NOTHING_BOUND' })
    })

    test.each([
      [
        [{ signal: new AbortController().signal }],
        `'signal' has to be in the second argument of stream, got an object with signal`,
      ],
      [
        [{}, { checkpointsMs: 1 }],
        'an option of stream has to be one of signal, checkpointMs, shutdownMs, stallMs, exitOnStall, readyLag, logger, got "checkpointsMs"',
      ],
      [[{}, { checkpointMs: 0 }], 'checkpointMs has to be a number of 1 or more, got 0'],
      [[{}, { checkpointMs: Infinity }], 'checkpointMs has to be a number of 1 or more, got Infinity'],
      [[{}, { readyLag: 1.5 }], 'readyLag has to be a whole number of 0 or more, got 1.5'],
      [[{}, { readyLag: -1 }], 'readyLag has to be a whole number of 0 or more, got -1'],
      [[{}, { shutdownMs: 'soon' }], 'shutdownMs has to be a number of 0 or more, got "soon"'],
      [['DEV'], 'the context of stream has to be an object, got "DEV"'],
    ])('stream(%j) is refused', async (args, message) => {
      const own = createApp()
      own.snap([1])(handler)
      await expect((own.stream as (...args: unknown[]) => Promise<void>)(...args)).rejects.toMatchObject({ message })
    })

    test('a message without a usable key goes to onError', async () => {
      const own = createApp()
      own.snap([{}], { concurrency: 2, key: (message) => message })(handler)
      await expect(own.stream()).rejects.toMatchObject({
        code: 'USAGE',
        message: 'handler failed: a key has to be a primitive or a Uint8Array, got an object with no fields',
      })
    })
  })

  describe('a cycle', () => {
    const cycleOf = (log: string[]) => Object.assign(fakeSource(log, []), fakeSink(log))

    test('of one binding is refused', async () => {
      const app = createApp()
      const cache = cycleOf([])
      app.snap(cache, { sink: [cache] })(function loop(value) {
        return value
      })
      await expect(app.stream()).rejects.toMatchObject({
        code: 'CYCLE',
        message: `loop feeds itself; set until: 'end' or cycle: true`,
      })
    })

    test('over two bindings, or through a dead letter, is refused', async () => {
      const app = createApp()
      const [a, b] = [cycleOf([]), cycleOf([])]
      app.snap(a, { sink: [b] })((value) => value)
      app.snap(b, { sink: [a] })((value) => value)
      await expect(app.stream()).rejects.toMatchObject({ code: 'CYCLE' })
      app.snap(a, { onError: { deadLetter: a } })((value) => value)
      await expect(app.stream()).rejects.toMatchObject({ code: 'CYCLE' })
    })

    test('is allowed if the source ends by itself or with cycle: true, as are bindings without a cycle', async () => {
      const app = createApp()
      const bounded = Object.assign(cycleOf([]), { '~snapstream.bounded': true })
      app.snap(bounded, { sink: [bounded] })((value) => value)
      const wanted = cycleOf([])
      app.snap(wanted, { sink: [wanted], cycle: true })((value) => value)
      const [from, to] = [cycleOf([]), cycleOf([])]
      app.snap(from, { sink: [to] })((value) => value)
      await expect(app.stream()).resolves.toBeUndefined()
    })

    test(
      'is found among ten thousand bindings, in a chain, side by side, and through one topic',
      { timeout: 60_000 },
      async () => {
        const chain = Array.from({ length: 10_001 }, () => cycleOf([]))
        const hub = cycleOf([])
        for (const closed of [false, true]) {
          const app = createApp()
          for (let i = 0; i < 10_000; i++)
            app.snap(chain[i] as ReturnType<typeof cycleOf>, {
              name: `link ${i}`,
              sink: [chain[i + 1] as ReturnType<typeof cycleOf>, hub],
            })((value) => value)
          if (closed)
            app.snap(hub, { name: 'closes', sink: [chain[0] as ReturnType<typeof cycleOf>] })((value) => value)
          const started = performance.now()
          // An accepted chain is stopped before it is opened.
          const ended = app.stream({}, { signal: AbortSignal.abort() }).catch((error: { code: string }) => error.code)
          expect(await ended).toBe(closed ? 'CYCLE' : undefined)
          // Ten seconds on a busy machine are far less than the hundreds of seconds that a check of each pair takes.
          expect(performance.now() - started).toBeLessThan(10_000)
        }
      },
    )
  })
}
