import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Resource, SnapstreamError } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'
import { never } from './watched.ts'

export function openingSuite({ createApp, SnapstreamError: Known }: Core): void {
  const failureOf = (ended: Promise<void>) =>
    ended.then(
      () => undefined,
      (thrown: unknown) => thrown as SnapstreamError,
    )

  describe('opening and closing', () => {
    test('fail with the name of the source, sink or resource', async () => {
      const fails = (what: string) => Promise.reject(new Error(what))
      const nothing = async () => {}
      const source = fakeSource([], [{ lane: 'a', messages: [1] }])
      const broken: [code: string, message: string, bind: (app: ReturnType<typeof createApp>) => void][] = [
        [
          'SINK_FAILED',
          'use 2 of reads failed: no room',
          (app) => {
            const use: Resource[] = [
              { open: nothing, close: nothing },
              { open: () => fails('no room'), close: nothing },
            ]
            app.snap([1], { name: 'reads', use })(() => {})
          },
        ],
        [
          'SINK_FAILED',
          'use 1 of reads failed: stuck',
          (app) => app.snap([1], { name: 'reads', use: [{ open: nothing, close: () => fails('stuck') }] })(() => {}),
        ],
        [
          'SINK_FAILED',
          'sink 2 of reads failed: no such table',
          (app) =>
            app.snap([1], {
              name: 'reads',
              sink: [() => {}, { '~snapstream.sink': () => fails('no such table') }] as never,
            })(() => {}),
        ],
        [
          'SINK_FAILED',
          'deadLetter 1 of reads failed: synchronously',
          (app) => {
            const deadLetter = {
              '~snapstream.sink'(): never {
                throw new Error('synchronously')
              },
            }
            app.snap([1], { name: 'reads', onError: { deadLetter } })(() => {})
          },
        ],
        [
          'SOURCE_FAILED',
          'source 1 of reads failed: no broker',
          (app) => app.snap({ '~snapstream.source': () => fails('no broker') } as never, { name: 'reads' })(() => {}),
        ],
        [
          'SINK_FAILED',
          'sink 1 of reads failed: disk full',
          (app) =>
            app.snap(source, { name: 'reads', sink: [fakeSink([], { flush: () => fails('disk full') })] })((n) => n),
        ],
        [
          'SOURCE_FAILED',
          'source 1 of reads failed: not the owner',
          (app) => {
            const opened = source['~snapstream.source']
            const commits = async (options: Parameters<typeof opened>[0]) => ({
              ...(await opened(options)),
              commit: () => fails('not the owner'),
            })
            app.snap({ '~snapstream.source': commits } as never, { name: 'reads' })(() => {})
          },
        ],
        [
          'SOURCE_FAILED',
          'source 1 of reads failed: cut off',
          (app) => {
            const reader = { read: () => fails('cut off'), commit() {}, close() {} }
            app.snap({ '~snapstream.source': () => reader } as never, { name: 'reads' })(() => {})
          },
        ],
      ]
      for (const [code, message, bind] of broken) {
        const app = createApp()
        bind(app)
        const error = await failureOf(app.stream())
        expect(Known.is(error)).toBe(true)
        expect({ code: error?.code, message: error?.message }).toEqual({ code, message })
        expect(error?.cause).toBeInstanceOf(Error)
      }
    })

    test('keep the error codes of adapters', async () => {
      const app = createApp()
      const open = () => Promise.reject(new Known('CACHE_LOCKED', 'the cache db/demo is open in another process'))
      app.snap([1], { use: [{ open, close: async () => {} }] })(() => {})
      expect(await failureOf(app.stream())).toMatchObject({
        code: 'CACHE_LOCKED',
        message: 'the cache db/demo is open in another process',
      })
    })

    test('do not apply to other objects with such functions, such as files', async () => {
      const app = createApp()
      const log: string[] = []
      const file = {
        open: () => void log.push('open'),
        close: () => void log.push('close'),
        async *[Symbol.asyncIterator]() {
          yield 'line'
        },
      }
      const write = Object.assign((line: string) => void log.push(line), { open: file.open, close: file.close })
      app.snap(file, { sink: [write] })((line) => line)
      await app.stream()
      expect(log).toEqual(['line'])
    })

    test('close all that can be closed when the time is over, and name only the others', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const log: string[] = []
      const hangs: Resource = { open: async () => {}, close: never }
      const source = fakeSource(log, [{ lane: 'a', messages: [1] }], { live: true })
      app.snap(source, {
        name: 'reads',
        use: [{ open: async () => {}, close: async () => void log.push('first') }, hangs],
      })(() => {})
      host.setTimeout(() => host.signal(), 10)
      const stop = new AbortController()
      host.setTimeout(() => stop.abort(), 10)
      const error = await host.settle(failureOf(app.stream({}, { signal: stop.signal, shutdownMs: 100 })))
      expect(error?.message).toBe('not done within shutdownMs: closing use 2 of reads; raise shutdownMs')
      expect(log.at(-1)).toBe('first')
    })
  })
}
