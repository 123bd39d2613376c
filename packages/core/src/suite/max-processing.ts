import { describe, expect, test } from 'vitest'
import type { Core } from './core.ts'
import { fakeSource } from './fakes.ts'
import { createWatched, never, sleep } from './watched.ts'

export function maxProcessingSuite({ createApp }: Core): void {
  const watched = createWatched(createApp)

  describe('maxProcessingMs', () => {
    test('fails the stream, and names the message', async () => {
      for (const concurrency of [1, 2]) {
        const { host, app, start, end } = watched()
        const log: string[] = []
        const lanes = [{ lane: 'a', messages: [{ key: 1 }, { key: 1, hangs: true }] }]
        const source = fakeSource(log, lanes, { live: true })
        app.snap(source, { name: 'slow', concurrency, maxProcessingMs: 400 })((message) =>
          'hangs' in (message as object) ? never() : sleep(host, 399),
        )
        start({ shutdownMs: 1000 })
        const events: number[] = []
        app.on('stopping', () => events.push(host.now()))
        await host.advance(2000)
        const error = await end()
        expect(error).toMatchObject({
          code: 'PROCESSING_TIMEOUT',
          binding: 'slow',
          topic: 'orders',
          partition: 3,
          offset: 41,
          key: 'k',
          message: 'slow at orders/3 offset 41 has taken 400 ms; maxProcessingMs is 400',
        })
        // After 400 ms and at most one check.
        expect(events[0]).toBeGreaterThanOrEqual(799)
        expect(events[0]).toBeLessThanOrEqual(899)
        expect(log).toContain('commit a=1')
      }
    })

    test('limits one attempt, including its sinks, and not the wait for a retry', async () => {
      const { host, app, start, end } = watched()
      let tries = 0
      const handled: number[] = []
      app.snap([1], {
        maxProcessingMs: 100,
        sink: [(n: number) => sleep(host, 40).then(() => handled.push(n))],
        onError: { retries: 3, backoffMs: 1000 },
      })(async (n) => {
        await sleep(host, 50)
        if (++tries < 3) throw new Error('not yet')
        return n
      })
      start()
      await host.advance(10_000)
      expect(handled).toEqual([1])
      expect(await end()).toBeUndefined()
    })

    test('covers a sink whose write does not settle', async () => {
      const { host, app, start, end } = watched()
      app.snap([1], { name: 'full', maxProcessingMs: 100, sink: [never] })((n) => n)
      start({ shutdownMs: 10 })
      await host.advance(1000)
      expect(await end()).toMatchObject({ code: 'PROCESSING_TIMEOUT', binding: 'full' })
    })

    test('has to be a number', () => {
      const app = createApp()
      expect(() => app.snap([1], { maxProcessingMs: 0 })(() => {})).toThrow('maxProcessingMs of handler 1')
    })
  })
}
