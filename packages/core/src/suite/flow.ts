import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Core } from './core.ts'
import { fakeSource } from './fakes.ts'

export function flowSuite({ createApp }: Core): void {
  describe('sources', () => {
    test('are read once, however many bindings share them', async () => {
      const app = createApp()
      let pulled = 0
      const out: string[] = []
      function* numbers() {
        for (let i = 1; i <= 3; i++) {
          pulled++
          yield i
        }
      }
      const source = numbers()
      app.snap(source, { sink: [(s: string) => out.push(s)] })((n) => `a${n}`)
      app.snap(source, { sink: [(s: string) => out.push(s)] })(async (n) => `b${n}`)
      await app.stream()
      expect(pulled).toBe(3)
      expect(out.filter((s) => s.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
      expect(out.filter((s) => s.startsWith('b'))).toEqual(['b1', 'b2', 'b3'])
    })

    test('are never read ahead when they are iterators', async () => {
      for (const asynchronous of [false, true]) {
        const app = createApp()
        const order: string[] = []
        const sync = (function* () {
          for (let i = 1; i <= 3; i++) {
            order.push(`pull ${i}`)
            yield i
          }
        })()
        const source = asynchronous
          ? {
              [Symbol.asyncIterator]: async function* () {
                yield* sync
              },
            }
          : sync
        app.snap(source)(async (n) => void order.push(`handle ${n}`))
        await app.stream()
        expect(order).toEqual(['pull 1', 'handle 1', 'pull 2', 'handle 2', 'pull 3', 'handle 3'])
      }
    })

    test('may be several in one binding', async () => {
      const app = createApp()
      const out: (number | string)[] = []
      app.snap([1, 2], new Set(['x']), { sink: [(value: number | string) => out.push(value)] })((value) => value)
      await app.stream()
      expect(new Set(out)).toEqual(new Set([1, 2, 'x']))
    })

    const endless = {
      *'that are endless and synchronous'() {
        for (;;) yield 1
      },
      async *'that never leave the microtask queue'() {
        for (;;) yield 1
      },
    }
    for (const [name, numbers] of Object.entries(endless))
      test(`${name} let timers run`, async () => {
        const app = createApp()
        let timer = false
        setTimeout(() => (timer = true), 1)
        app.snap(numbers())((_, { stop }) => {
          if (timer) stop()
        })
        await app.stream()
        expect(timer).toBe(true)
      })

    test('have lanes that do not wait for each other', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const order: string[] = []
      const lanes = [
        { lane: 'slow', messages: [1, 2] },
        { lane: 'fast', messages: [3, 4] },
      ]
      app.snap(fakeSource([], lanes))(async (n) => {
        await new Promise<void>((resolve) => host.setTimeout(resolve, (n as number) < 3 ? 100 : 1))
        order.push(`${String(n)} at ${host.now()}`)
      })
      await host.settle(app.stream())
      expect(order).toEqual(['3 at 1', '4 at 2', '1 at 100', '2 at 200'])
    })
  })

  describe('backpressure', () => {
    test('holds at most two batches of a lane and one that waits, from a reader without limits', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      let given = 0
      let done = 0
      let most = 0
      const eager = {
        '~snapstream.source': () => ({
          read() {
            if (given === 20) return undefined
            const position = ++given
            most = Math.max(most, given - done)
            return { lane: 0, messages: [position], bytes: 1, position: () => position, done: () => void done++ }
          },
          commit() {},
          close() {},
        }),
      }
      app.snap(eager)(() => new Promise<void>((resolve) => host.setTimeout(resolve, 10)))
      await host.settle(app.stream())
      expect([given, done]).toEqual([20, 20])
      expect(most).toBe(3)
    })
  })
}
