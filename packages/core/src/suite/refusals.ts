import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Kept, Lane, OnError, Origin, Positions, SinkTarget } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSource } from './fakes.ts'

interface Written {
  readonly value: unknown
  readonly kept: Kept | undefined
}

/** A sink that accepts every write, and refuses some of the values at its flush. */
function lateSink(log: string[], refuses: (value: unknown, time: number) => boolean): SinkTarget<unknown> {
  return {
    '~snapstream.sink'() {
      let waiting: Written[] = []
      let times = 0
      return {
        write(value, origin?: Origin) {
          waiting.push({ value, kept: origin?.keep?.() })
        },
        flush() {
          times++
          const batch = waiting
          waiting = []
          for (const written of batch) {
            const { value, kept } = written
            if (!refuses(value, times)) log.push(`has ${String(value)}`)
            else if (kept) void kept.refuse(new Error(`no ${String(value)}`), () => void waiting.push(written))
            else throw new Error(`no ${String(value)}`)
          }
        },
      }
    },
  }
}

export function refusalSuite({ createApp }: Core): void {
  describe('a value that is refused after it was written', () => {
    async function run(
      onError: OnError<unknown>,
      options: { readonly refuses?: (value: unknown, time: number) => boolean; readonly concurrency?: number } = {},
    ) {
      const host = createVirtualHost()
      const log: string[] = []
      const app = createApp({ host })
      const { refuses = (value) => value === 2, concurrency = 1 } = options
      const source = fakeSource(log, [{ lane: 'a', messages: [1, 2, 3] }])
      app.snap(source, { name: 'copy', sink: [lateSink(log, refuses)], onError, concurrency, key: (n) => n })((n) => n)
      for (const name of ['retry', 'skip', 'dead-letter'] as const)
        app.on(name, ({ error }) => log.push(`${name} ${error.message}`))
      const error: unknown = await host.settle(app.stream().catch((thrown: unknown) => thrown))
      expect(host.timers).toBe(0)
      return { error, log: log.filter((line) => !/^(done|close)/.test(line)), health: app.health().bindings[0], host }
    }

    test.each([1, 4])('is skipped, and the others are committed, with a concurrency of %i', async (concurrency) => {
      const asked: unknown[] = []
      const onError: OnError<unknown> = (error, message, attempt) => {
        asked.push([error.message, message, attempt])
        return 'skip'
      }
      const { log, error, health } = await run(onError, { concurrency })
      expect(error).toBeUndefined()
      expect(asked).toEqual([['no 2', 2, 1]])
      expect(log).toEqual(['has 1', 'has 3', 'skip no 2', 'commit a=3'])
      expect(health).toMatchObject({ handled: 3, skipped: 1, inFlight: 0 })
    })

    test('is retried with a backoff, and committed once it is accepted', async () => {
      const { log, error, host } = await run(
        { retries: 3, backoffMs: 1000 },
        { refuses: (value, time) => value === 2 && time < 3 },
      )
      expect(error).toBeUndefined()
      expect(log).toEqual(['has 1', 'has 3', 'retry no 2', 'retry no 2', 'has 2', 'commit a=3'])
      expect(host.now()).toBeGreaterThanOrEqual(1500)
    })

    test('is flushed as a dead letter before its message is committed', async () => {
      const host = createVirtualHost()
      const log: string[] = []
      const app = createApp({ host })
      const letters: unknown[] = []
      const deadLetter: SinkTarget<unknown> = {
        '~snapstream.sink': () => ({
          write() {},
          writeFailure({ message, error, attempts, raw }) {
            letters.push([message, error.message, attempts, raw])
            log.push('letter written')
          },
          flush: () => void log.push(`flush letters ${letters.length}`),
        }),
      }
      const source = fakeSource(log, [{ lane: 'a', messages: [1, 2, 3] }])
      const sink = [lateSink(log, (value) => value === 2)]
      app.snap(source, { sink, onError: { retries: 1, backoffMs: 10, deadLetter } })((n) => n)
      await host.settle(app.stream())
      expect(letters).toEqual([[2, 'no 2', 2, { topic: 'orders', partition: 3, offset: 41, key: 'k' }]])
      expect(log.filter((line) => /flush|commit|letter/.test(line))).toEqual([
        'flush letters 0',
        'flush letters 0',
        'letter written',
        'flush letters 1',
        'commit a=3',
      ])
      expect(app.health().bindings[0]).toMatchObject({ deadLettered: 1, retried: 1 })
    })

    test('stops the stream with an error that names the place of the message, which is not committed', async () => {
      const { log, error } = await run(() => 'stop')
      expect(error).toMatchObject({
        code: 'SINK_REFUSED',
        binding: 'copy',
        topic: 'orders',
        offset: 41,
        message: 'copy at orders/3 offset 41 failed: no 2',
      })
      expect(log).toEqual(['has 1', 'has 3'])
    })

    test("is not kept with onError 'stop': the flush rejects", async () => {
      const { log, error } = await run('stop')
      expect(error).toMatchObject({ code: 'SINK_FAILED', message: 'sink 1 of copy failed: no 2' })
      expect(log).toEqual(['has 1'])
    })

    test('is retried before lanes are given up', async () => {
      const host = createVirtualHost()
      const log: string[] = []
      const app = createApp({ host })
      const source = fakeSource(log, [{ lane: 'a', messages: [1, 2, 3] }], { live: true })
      const sink = [lateSink(log, (value, time) => value === 2 && time < 3)]
      app.snap(source, { sink, onError: { retries: 5, backoffMs: 2000 } })((n) => n)
      host.setTimeout(async () => {
        await source.options?.revoked(['a'], 'revoked')
        log.push('given up')
        stopping.abort()
      }, 100)
      const stopping = new AbortController()
      await host.settle(app.stream({}, { signal: stopping.signal, checkpointMs: 60_000 }))
      expect(log.filter((line) => !/^(done|close)/.test(line))).toEqual([
        'has 1',
        'has 3',
        'has 2',
        'commit a=3',
        'given up',
      ])
    })

    test('that still waits for its retry after shutdownMs is named in the error, and not committed', async () => {
      const host = createVirtualHost()
      const log: string[] = []
      const app = createApp({ host })
      const source = fakeSource(log, [{ lane: 'a', messages: [1, 2, 3] }], { live: true })
      const sink = [lateSink(log, (value) => value === 2)]
      app.snap(source, { name: 'copy', sink, onError: { retries: 50, backoffMs: 60_000 } })((n) => n)
      const stopping = new AbortController()
      host.setTimeout(() => stopping.abort(), 1500)
      const running = app.stream({}, { signal: stopping.signal, shutdownMs: 1000 })
      const error: unknown = await host.settle(running.catch((thrown: unknown) => thrown))
      expect(error).toMatchObject({
        code: 'SHUTDOWN_TIMEOUT',
        message: 'not done within shutdownMs: a refused value of copy; raise shutdownMs',
      })
      expect(log.filter((line) => line.startsWith('commit'))).toEqual([])
      expect(host.timers).toBe(0)
    })

    test('does not block checkpoints, even if every value is refused', async () => {
      const host = createVirtualHost()
      const commits: Positions[] = []
      const app = createApp({ host })
      let offset = 0
      const source = {
        '~snapstream.source': () => ({
          async read() {
            await new Promise<void>((resolve) => host.setTimeout(resolve, 1))
            const next = ++offset
            if (next > 200) return undefined
            return { lane: 'a' as Lane, messages: [next], bytes: 0, position: (n: number) => next - 1 + n, done() {} }
          },
          commit: (positions: Positions) => void commits.push(positions),
          close() {},
        }),
      }
      const slow = async () => new Promise<'skip'>((resolve) => host.setTimeout(() => resolve('skip'), 5))
      app.snap(source, { sink: [lateSink([], () => true)], onError: slow })((n) => n)
      await host.settle(app.stream({}, { checkpointMs: 10 }))
      expect(commits.length).toBeGreaterThan(5)
      expect([...(commits.at(-1) ?? [])]).toEqual([['a', 200]])
      expect(app.health().bindings[0]).toMatchObject({ handled: 200, skipped: 200 })
    })
  })
}
