import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Core } from './core.ts'
import { fakeSource } from './fakes.ts'

export function concurrencySuite({ createApp }: Core): void {
  describe('concurrency', () => {
    const work = [
      { key: 'a', n: 1 },
      { key: 'a', n: 2 },
      { key: 'b', n: 3 },
      { key: 'c', n: 4 },
      { key: 'b', n: 5 },
    ]

    async function run(concurrency: number, messages: readonly { key: unknown; n: number }[] = work) {
      const host = createVirtualHost()
      const app = createApp({ host })
      const order: string[] = []
      app.snap(fakeSource([], [{ lane: 'x', messages }]), { concurrency })(async (message) => {
        const { n } = message as { n: number }
        order.push(`start ${n} at ${host.now()}`)
        await new Promise<void>((resolve) => host.setTimeout(resolve, 10))
      })
      await host.settle(app.stream())
      return order
    }

    test('handles keys concurrently and the messages of one key in order', async () => {
      expect(await run(2)).toEqual(['start 1 at 0', 'start 3 at 0', 'start 2 at 10', 'start 4 at 10', 'start 5 at 20'])
      expect(await run(3)).toEqual(['start 1 at 0', 'start 3 at 0', 'start 4 at 0', 'start 2 at 10', 'start 5 at 10'])
      expect(await run(1)).toEqual(work.map(({ n }, i) => `start ${n} at ${i * 10}`))
    })

    test('compares keys of bytes by content', async () => {
      const key = () => new Uint8Array([1, 2])
      const messages = [
        { key: key(), n: 1 },
        { key: key(), n: 2 },
        { key: new Uint8Array([2, 1]), n: 3 },
      ]
      expect(await run(3, messages)).toEqual(['start 1 at 0', 'start 3 at 0', 'start 2 at 10'])
    })

    test('takes no more messages from an iterable than it can handle at once', async () => {
      for (const readers of [1, 2]) {
        const host = createVirtualHost()
        const app = createApp({ host })
        let [given, done, most] = [0, 0, 0]
        function* numbers() {
          for (; given < 20;) {
            most = Math.max(most, given - done / readers)
            yield given++
          }
        }
        const source = numbers()
        for (let i = 0; i < readers; i++)
          app.snap(source, { concurrency: 4, key: (n) => n })(async () => {
            await new Promise<void>((resolve) => host.setTimeout(resolve, 10))
            done++
          })
        await host.settle(app.stream())
        expect([given, done]).toEqual([20, 20 * readers])
        expect(most).toBe(3)
        expect(host.now()).toBe(50)
      }
    })

    test('keeps the order of each key of an iterable', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const order: string[] = []
      app.snap(work, { concurrency: 3, key: ({ key }) => key, sink: [(n: number) => order.push(`out ${n}`)] })(
        async ({ n }) => {
          order.push(`start ${n}`)
          await new Promise<void>((resolve) => host.setTimeout(resolve, 10 * n))
          return n
        },
      )
      await host.settle(app.stream())
      expect(order.indexOf('start 2')).toBeGreaterThan(order.indexOf('out 1'))
      expect(order.indexOf('start 5')).toBeGreaterThan(order.indexOf('out 3'))
      expect(order.slice(0, 2)).toEqual(['start 1', 'start 3'])
      expect(order).toHaveLength(10)
    })

    test('handles at a stop all messages that it took from an iterable, even those that wait for their key', async () => {
      for (const asynchronous of [false, true]) {
        const host = createVirtualHost()
        const app = createApp({ host })
        const [given, handled]: number[][] = [[], []]
        function* numbers() {
          for (let n = 0; ; n++) {
            given!.push(n)
            yield n
          }
        }
        async function* later() {
          for (const n of numbers()) {
            await new Promise<void>((resolve) => host.setTimeout(resolve, 1))
            yield n
          }
        }
        const lost: unknown[] = []
        app.on('unhandled', ({ message }) => void lost.push(message))
        const source: Iterable<number> | AsyncIterable<number> = asynchronous ? later() : numbers()
        app.snap(source as Iterable<number>, { concurrency: 5, key: (n) => n % 2 })(async (n, { stop }) => {
          await new Promise<void>((resolve) => host.setTimeout(resolve, 10))
          handled!.push(n)
          if (n === 6) stop()
        })
        await host.settle(app.stream())
        expect([...handled!, ...lost].sort((a, b) => Number(a) - Number(b))).toEqual(given)
        expect(lost.length).toBeLessThanOrEqual(1)
      }
    })

    test('reports messages of an iterable that it cannot handle, as an earlier one of their key failed', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const lost: unknown[] = []
      const handled: number[] = []
      let given = 0
      function* numbers() {
        for (let n = 0; n < 20; n++) {
          given++
          yield n
        }
      }
      app.on('unhandled', ({ message }) => void lost.push(message))
      app.snap(numbers(), { concurrency: 4, key: (n) => n % 2 })(async (n) => {
        await new Promise<void>((resolve) => host.setTimeout(resolve, 10))
        if (n === 2) throw new Error('two')
        handled.push(n)
      })
      await expect(host.settle(app.stream())).rejects.toThrow('two')
      expect([2, ...handled, ...lost].map(Number).sort((a, b) => a - b)).toEqual(
        Array.from({ length: given }, (_, n) => n),
      )
      expect(lost.length).toBeGreaterThan(0)
    })

    test('handles an iterable by the option key', async () => {
      const app = createApp()
      const out: number[] = []
      app.snap(work, { concurrency: 2, key: ({ key }) => key, sink: [(n: number) => out.push(n)] })(async ({ n }) => n)
      await app.stream()
      expect(new Set(out)).toEqual(new Set([1, 2, 3, 4, 5]))
    })
  })
}
