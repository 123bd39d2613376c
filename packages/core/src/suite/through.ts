import { describe, expect, test } from 'vitest'
import type { BoundThrough, Source, Through, ThroughParts } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'
import type { Log } from './fakes.ts'

/** Passes on the even numbers of its sources, as text. */
function evens(
  sources: readonly Source<number>[],
  parts: Partial<ThroughParts<string, number>> = {},
  bound: Partial<BoundThrough<number>> = {},
): Through<string, number> {
  return {
    '~snapstream.through': {
      name: 'evens',
      sources,
      use: [],
      single: [],
      sequential: false,
      bind: (handler) => ({
        handler: (n, context) => (n % 2 === 0 ? handler(`${n}`, context) : undefined),
        ...bound,
      }),
      ...parts,
    },
  }
}

export function throughSuite({ createApp, SnapstreamError }: Core): void {
  describe('through', () => {
    test('a handler gets the results of a through, and its sinks what the handler emits', async () => {
      const app = createApp<{ suffix: string }>()
      const lines: string[] = []
      app.snap(evens([[1, 2], new Set([3, 4])]), { sink: [(line: string) => lines.push(line)] })(
        (n, { suffix }) => n + suffix,
      )
      await app.stream({ suffix: '!' })
      expect(lines.toSorted()).toEqual(['2!', '4!'])
    })

    test('what a through uses is opened, flushed at checkpoints and closed, and is no second time for `use`', async () => {
      const app = createApp()
      const log: Log = []
      const resource = { open: async () => void log.push('open'), close: async () => void log.push('close') }
      const used = { ...fakeSink(log), ...resource }
      app.snap(evens([[2]], { use: [used, fakeSink(log)] }), { use: [used] })(function through() {})
      await app.stream()
      expect(log).toEqual(['open', 'flush', 'flush', 'close sink', 'close sink', 'close'])
    })

    test('a message that fails behind a through is the message of the source for onError', async () => {
      const app = createApp()
      const failed: unknown[] = []
      app.snap(evens([[1, 2]]), {
        onError: { deadLetter: ({ message, binding }) => failed.push([message, binding]) },
      })(function fails() {
        throw new Error('no')
      })
      await app.stream()
      expect(failed).toEqual([[2, 'fails']])
    })

    test('the timestamp of a result is that of its through, or else that of the message', async () => {
      const app = createApp()
      const times: unknown[] = []
      const source = fakeSource([], [{ lane: 'a', messages: [2, 4] }]) as Source<number>
      const sink = fakeSink([], { write: (_, origin) => void times.push(origin?.timestamp) })
      app.snap(evens([source], {}, { timestamp: (n) => (n === 2 ? 7 : undefined) }), { sink: [sink] })((n) => n)
      await app.stream()
      expect(times).toEqual([7, 1001])
    })

    test('bindings with and without a through share a source', async () => {
      const app = createApp()
      const log: Log = []
      const seen: unknown[] = []
      const source = fakeSource(log, [{ lane: 'a', messages: [1, 2] }]) as Source<number>
      app.snap(evens([source]))((n) => void seen.push(n))
      app.snap(source)((n) => void seen.push(n))
      await app.stream()
      expect(seen).toEqual(['2', 1, 2])
      expect(log).toEqual(['done a 2', 'commit a=2', 'close source'])
    })

    const handler = () => {}
    const loose = (app: ReturnType<typeof createApp>) =>
      app.snap as (...args: unknown[]) => (handler: unknown) => unknown
    const refused: [what: string, args: unknown[], message: string][] = [
      [
        'another source beside it',
        [[1], evens([[2]])],
        'evens of handler has to be the only source; merge the others into it, got an array of 2',
      ],
      ['no source', [evens([])], 'evens has to be given at least one source, got 0'],
      [
        'a source that is none',
        [evens(['orders' as never])],
        'source 1 of evens has to be a topic, a cache or an iterable such as [1, 2], listed once, got "orders"',
      ],
      [
        'concurrency in front of state',
        [evens([fakeSource([], []) as Source<number>], { sequential: true }), { concurrency: 2 }],
        'concurrency of handler has to be 1 behind evens, got 2',
      ],
      [
        'a key in front of state',
        [evens([[1]], { sequential: true }), { key: Number }],
        'key of handler has to be a field of the messages; put map(...) before evens, got a Function',
      ],
      [
        'a second timestamp',
        [evens([[1]], {}, { timestamp: Number }), { timestamp: Number }],
        'timestamp of handler has to be a field of the messages; put map(...) before evens, got a Function',
      ],
    ]
    test.each(refused)('snap refuses %s', (_, args, message) => {
      expect(() => loose(createApp())(...args)(handler)).toThrow(expect.objectContaining({ code: 'USAGE', message }))
    })

    test('stream refuses an operator with state in two bindings', async () => {
      const app = createApp()
      const operator = {}
      app.snap(evens([[1]], { single: [operator] }))(function first() {})
      app.snap(evens([[2]], { single: [operator] }))(function second() {})
      const refusal = await app.stream().catch((error: unknown) => error)
      expect(SnapstreamError.is(refusal) && refusal.message).toBe(
        'evens of first and second has to be bound once, with all sinks; or make another, with a store of its own, got an object with no fields',
      )
    })

    test('operators without state may be in several bindings, and a through with state in two apps', async () => {
      const seen: string[] = []
      const shared = evens([[2]])
      const stateful = evens([[4]], { single: [{}] })
      for (const app of [createApp(), createApp()]) {
        app.snap(shared)((n) => void seen.push(n))
        app.snap(shared)((n) => void seen.push(n))
        app.snap(stateful)((n) => void seen.push(n))
        await app.stream()
      }
      expect(seen.toSorted()).toEqual(['2', '2', '2', '2', '4', '4'])
    })
  })
}
