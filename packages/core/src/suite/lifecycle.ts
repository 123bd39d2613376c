import { describe, expect, test, vi } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Resource } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'

export function lifecycleSuite({ createApp }: Core): void {
  const never = () => new Promise<never>(() => {})

  describe('the end of a stream', () => {
    test('by stop(): the current message is finished, no other is started, and the iterator is closed', async () => {
      const app = createApp()
      const out: unknown[] = []
      let returned = false
      function* numbers(): Generator<number, void> {
        try {
          for (let i = 1; ; i++) yield i
        } finally {
          returned = true
        }
      }
      app.snap(numbers(), { sink: [(n: unknown) => out.push(n)] })((n, { stop }) => {
        if (n === 3) stop()
        return n
      })
      await app.stream()
      expect(out).toEqual([1, 2, 3])
      expect(returned).toBe(true)
    })

    test('by a signal of the process: messages in flight are finished and checkpointed', async () => {
      const host = createVirtualHost()
      const log: string[] = []
      const app = createApp({ host, signals: true })
      const source = fakeSource(log, [{ lane: 'a', messages: [1, 2, 3] }], { live: true })
      app.snap(source, { sink: [fakeSink(log)] })(async (n) => {
        await new Promise<void>((resolve) => host.setTimeout(resolve, 100))
        return n
      })
      host.setTimeout(() => host.signal(), 150)
      await host.settle(app.stream())
      expect(host.now()).toBe(200)
      expect(log).toEqual(['write 1', 'write 2', 'flush', 'commit a=2', 'close source', 'close sink'])
      expect(host.timers).toBe(0)
    })

    test('by an AbortSignal, even one that is already aborted', async () => {
      for (const abortMs of [0, 5]) {
        const app = createApp()
        const controller = new AbortController()
        if (abortMs === 0) controller.abort()
        else setTimeout(() => controller.abort(), abortMs)
        app.snap(fakeSource([], [], { live: true }))(() => {})
        await app.stream({}, { signal: controller.signal })
        expect(app.bindings).toEqual([])
      }
    })

    test('does not wait for an async iterator that is idle', async () => {
      const app = createApp()
      const idle = { [Symbol.asyncIterator]: () => ({ next: never }) }
      app.snap(idle)(() => {})
      await app.stream({}, { signal: AbortSignal.timeout(5) })
      expect(app.bindings).toEqual([])
    })

    test('handles a message that an async iterator gives when it is told to end', async () => {
      const app = createApp()
      const handled: number[] = []
      let give: (result: IteratorResult<number>) => void = () => {}
      const source: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<IteratorResult<number>>((resolve) => (give = resolve)),
          return() {
            give({ done: false, value: 7 })
            return Promise.resolve({ done: true as const, value: undefined })
          },
        }),
      }
      app.snap(source)((n) => void handled.push(n))
      await app.stream({}, { signal: AbortSignal.timeout(5) })
      expect(handled).toEqual([7])
    })

    test('reports a message that comes after it', async () => {
      const app = createApp()
      let give: (result: IteratorResult<number>) => void = () => {}
      const next = () => new Promise<IteratorResult<number>>((resolve) => (give = resolve))
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
      app.snap({ [Symbol.asyncIterator]: () => ({ next }) })(() => {})
      await app.stream({}, { signal: AbortSignal.timeout(5) })
      give({ done: false, value: 7 })
      await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce())
      expect(warn.mock.calls[0]?.at(-1)).toEqual({ bindings: ['handler 1'], message: 7 })
      warn.mockRestore()
    })

    test('is limited by shutdownMs: signals abort, unfinished messages are named, and finished ones acknowledged', async () => {
      const host = createVirtualHost()
      const log: string[] = []
      const app = createApp({ host, signals: true })
      const lanes = [
        { lane: 'hung', messages: ['x'] },
        { lane: 'fine', messages: ['y'] },
      ]
      let told = false
      app.snap(fakeSource(log, lanes, { live: true }), { sink: [fakeSink(log)] })(function slow(value, { signal }) {
        signal.addEventListener('abort', () => (told = true))
        return value === 'x' ? never() : value
      })
      host.setTimeout(() => host.signal(), 10)
      const error: unknown = await host.settle(app.stream({}, { shutdownMs: 5000 }).catch((thrown: unknown) => thrown))
      expect(error).toMatchObject({
        code: 'SHUTDOWN_TIMEOUT',
        message: expect.stringMatching(/1 in flight in slow.*hung/) as string,
      })
      expect(host.now()).toBeLessThanOrEqual(5010)
      expect(told).toBe(true)
      expect(log).toContain('commit fine=1')
      expect(host.timers).toBe(0)
    })
  })

  describe('resources', () => {
    function resource(log: string[], name: string, open = () => Promise.resolve()): Resource {
      return {
        open() {
          log.push(`open ${name}`)
          return open()
        },
        close() {
          log.push(`close ${name}`)
          return Promise.resolve()
        },
      }
    }

    test('are opened before the first message and closed in reverse', async () => {
      const log: string[] = []
      const app = createApp()
      const topic = Object.assign(fakeSource(log, [{ lane: 'a', messages: [1] }]), resource(log, 'topic'))
      const cache = resource(log, 'cache')
      app.snap(topic, { use: [cache] })(() => void log.push('handle'))
      await app.stream()
      expect(log.filter((line) => !/done|commit/.test(line))).toEqual([
        'open cache',
        'open topic',
        'handle',
        'close source',
        'close topic',
        'close cache',
      ])
    })

    test('that are open are closed when another one fails to open', async () => {
      const log: string[] = []
      const app = createApp()
      const bad = resource(log, 'bad', () => Promise.reject(new Error('no broker')))
      app.snap([1], { use: [resource(log, 'good'), bad] })(() => {})
      await expect(app.stream()).rejects.toThrow('no broker')
      expect(log).toEqual(['open good', 'open bad', 'close good'])
      app.snap([1])(() => {})
      await app.stream()
    })

    test('that never finish opening do not delay a stop', async () => {
      const log: string[] = []
      const app = createApp()
      app.snap([1], { use: [resource(log, 'slow', never)] })(() => {})
      await app.stream({}, { signal: AbortSignal.timeout(5) })
      expect(log).toEqual(['open slow', 'close slow'])
    })

    test('shared by bindings are opened once', async () => {
      const log: string[] = []
      const app = createApp()
      const cache = resource(log, 'cache')
      app.snap([1], { use: [cache] })(() => {})
      app.snap([2], { use: [cache] })(() => {})
      await app.stream()
      expect(log).toEqual(['open cache', 'close cache'])
    })
  })
}
