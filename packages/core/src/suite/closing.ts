import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Events, SnapstreamError } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'
import { never, sleep } from './watched.ts'

export function closingSuite({ createApp }: Core): void {
  /** An iterator that logs its calls. */
  function watchedIterator(over: Partial<AsyncIterator<number>>, log: string[]): AsyncIterable<number> {
    return {
      [Symbol.asyncIterator]: () => ({
        next: over.next ?? never,
        return() {
          log.push('return')
          return over.return?.() ?? Promise.resolve({ done: true, value: undefined })
        },
      }),
    }
  }
  const failureOf = (ended: Promise<void>) =>
    ended.then(
      () => undefined,
      (thrown: unknown) => thrown as SnapstreamError,
    )

  describe('an iterator', () => {
    test.each([1, 2])('has run its finally, once, when the stream has ended, with %i binding(s)', async (bindings) => {
      for (const asynchronous of [true, false]) {
        const host = createVirtualHost()
        const app = createApp({ host })
        const log: string[] = []
        const handled: unknown[] = []
        const flushed: string[] = []
        async function* ticks(): AsyncGenerator<number, void> {
          try {
            for (let i = 1; ; i++) {
              await sleep(host, 20)
              yield i
            }
          } finally {
            log.push('closing')
            await sleep(host, 10)
            log.push('closed')
          }
        }
        function* numbers(): Generator<number, void> {
          try {
            for (let i = 1; ; i++) yield i
          } finally {
            log.push('closing', 'closed')
          }
        }
        const source = asynchronous ? ticks() : numbers()
        for (let i = 0; i < bindings; i++)
          app.snap(source as Iterable<number>, { sink: [fakeSink(flushed)] })(async (n) => {
            if (!asynchronous) await sleep(host, 20)
            handled.push(n)
            return n
          })
        const stop = new AbortController()
        host.setTimeout(() => stop.abort(), 50)
        await host.settle(app.stream({}, { signal: stop.signal }))
        log.push('resolved')
        expect(log).toEqual(['closing', 'closed', 'resolved'])
        // The iterator was waiting for the third message when the end began. It is written and flushed before the sink is closed.
        expect(handled).toEqual([1, 2, 3].flatMap((n) => Array.from({ length: bindings }, () => n)))
        expect(flushed.lastIndexOf('write 3')).toBeLessThan(flushed.lastIndexOf('flush'))
      }
    })

    test('that never settles is named when the time is over, and does not delay the others', async () => {
      for (const bindings of [1, 2]) {
        const host = createVirtualHost()
        const app = createApp({ host })
        const log: string[] = []
        const stops: Events['stop'][] = []
        app.on('stop', (stop) => stops.push(stop))
        async function* hangs(): AsyncGenerator<number, void> {
          yield 1
          await never()
        }
        const source = hangs()
        app.snap(fakeSource(log, [{ lane: 'a', messages: [1] }], { live: true }), { sink: [fakeSink(log)] })((n) => n)
        for (let i = 0; i < bindings; i++) app.snap(source, { name: 'reads' })(() => {})
        const stop = new AbortController()
        host.setTimeout(() => stop.abort(), 50)
        const error = await host.settle(failureOf(app.stream({}, { signal: stop.signal, shutdownMs: 1000 })))
        expect(error).toMatchObject({
          code: 'SHUTDOWN_TIMEOUT',
          message: 'not done within shutdownMs: closing source 1 of reads; raise shutdownMs',
        })
        expect(stops[0]?.undone).toEqual(['closing source 1 of reads'])
        expect(host.monotonic()).toBeLessThanOrEqual(1050)
        expect(log.slice(-3)).toEqual(['commit a=1', 'close source', 'close sink'])
        expect(host.timers).toBe(0)
      }
    })

    test.each([1, 2])('is not told to return after next() threw or has ended, with %i binding(s)', async (bindings) => {
      for (const end of ['throws', 'rejects', 'ends'] as const)
        for (const name of [Symbol.iterator, Symbol.asyncIterator] as const) {
          const app = createApp()
          let returned = 0
          const next = () => {
            if (end === 'ends') return name === Symbol.iterator ? { done: true } : Promise.resolve({ done: true })
            if (end === 'throws' || name === Symbol.iterator) throw new Error('next')
            return Promise.reject(new Error('next'))
          }
          const source = { [name]: () => ({ next, return: () => ({ done: true, returned: returned++ }) }) }
          for (let i = 0; i < bindings; i++) app.snap(source as unknown as Iterable<number>)(() => {})
          const error = await failureOf(app.stream())
          expect(error?.message).toBe(end === 'ends' ? undefined : 'source 1 of handler 1 failed: next')
          expect(error?.code).toBe(end === 'ends' ? undefined : 'SOURCE_FAILED')
          expect(returned).toBe(0)
        }
    })

    test('gets one call of return(), whether or not it waits for its next message', async () => {
      for (const waits of [true, false])
        for (const bindings of [1, 2]) {
          const log: string[] = []
          const app = createApp()
          let n = 0
          const next = () => (waits && n > 0 ? never() : Promise.resolve({ done: false, value: n++ }))
          const source = watchedIterator({ next }, log)
          for (let i = 0; i < bindings; i++) app.snap(source)(async () => {})
          await app.stream({}, { signal: AbortSignal.timeout(10), shutdownMs: 500 })
          expect(log).toEqual(['return'])
        }
    })

    test('whose return() throws is reported by the name of its source', async () => {
      for (const waits of [true, false]) {
        const app = createApp()
        const source = watchedIterator(
          {
            next: waits ? never : () => Promise.resolve({ done: false, value: 1 }),
            return: () => Promise.reject(new Error('cannot leave')),
          },
          [],
        )
        app.snap(source)(() => {})
        expect(await failureOf(app.stream({}, { signal: AbortSignal.timeout(10) }))).toMatchObject({
          code: 'SOURCE_FAILED',
          message: 'source 1 of handler 1 failed: cannot leave',
        })
      }
    })

    test('whose creation throws is reported by the name of its source', async () => {
      for (const name of [Symbol.iterator, Symbol.asyncIterator]) {
        const app = createApp()
        const source = {
          [name]() {
            throw new TypeError('not today')
          },
        }
        app.snap([1], source as unknown as Iterable<number>, { name: 'reads' })(() => {})
        expect(await failureOf(app.stream())).toMatchObject({
          code: 'SOURCE_FAILED',
          message: 'source 2 of reads failed: not today',
          cause: { message: 'not today' },
        })
      }
    })
  })

  describe('a generator of a handler', () => {
    /** A generator that is left after its first output. */
    function leftEarly(log: string[], fails: boolean) {
      return async function* () {
        try {
          yield 1
          yield 2
        } finally {
          log.push('closing')
          await Promise.resolve()
          log.push('closed')
          // oxlint-disable-next-line no-unsafe-finally -- what a finally may do
          if (fails) throw new Error('cannot leave')
        }
      }
    }

    test('that is left early runs its finally before the next message', async () => {
      const app = createApp()
      const log: string[] = []
      const refuses = () => {
        throw new Error('no')
      }
      app.snap(['a', 'b'], { sink: [refuses], onError: 'skip' })((m) => {
        log.push(m)
        return leftEarly(log, false)()
      })
      await app.stream()
      expect(log).toEqual(['a', 'closing', 'closed', 'b', 'closing', 'closed'])
    })

    test('whose return() throws is reported, along with the error that ended it', async () => {
      for (const onError of ['skip', 'stop'] as const) {
        const app = createApp()
        const source = fakeSource([], [{ lane: 'a', messages: ['x'] }])
        const refuses = () => {
          throw new Error('no')
        }
        app.snap(source, { name: 'counts', sink: [refuses], onError })(leftEarly([], true))
        const { code, message, suppressed } = (await failureOf(app.stream())) as SnapstreamError & {
          suppressed?: Error[]
        }
        const all = [{ code, message }, ...(suppressed ?? [])]
        const closing = 'closing counts at orders/3 offset 40 failed: cannot leave'
        const refused = { code: 'SINK_REFUSED', message: 'sink 1 of counts at orders/3 offset 40 failed: no' }
        expect(all).toMatchObject([
          { code: 'HANDLER_FAILED', message: closing },
          ...(onError === 'stop' ? [refused] : []),
        ])
      }
    })

    test('whose return() throws synchronously is reported', async () => {
      const app = createApp()
      const refuses = () => {
        throw new Error('no')
      }
      const leaving = {
        next: () => ({ done: false, value: 1 }),
        return() {
          throw new Error('cannot leave')
        },
      }
      app.snap([1], { name: 'counts', sink: [refuses], onError: 'skip' })(() => leaving as unknown as Iterator<number>)
      expect(await failureOf(app.stream())).toMatchObject({
        message: 'closing counts failed: cannot leave',
      })
    })
  })
}
