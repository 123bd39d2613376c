import { describe, expect, test } from 'vitest'
import type { Core } from './core.ts'
import { fakeSink } from './fakes.ts'

export function handlerSuite({ createApp, snap, stream }: Core): void {
  describe('a handler', () => {
    const run = async (handler: (n: number) => unknown, messages: Iterable<number> = [1, 2]) => {
      const app = createApp()
      const out: unknown[] = []
      app.snap(messages, { sink: [(value: unknown) => out.push(value)] })(handler)
      await app.stream()
      return out
    }

    test('emits what it returns, null included, and nothing for undefined', async () => {
      expect(await run((n) => n * 10)).toEqual([10, 20])
      expect(await run((n) => (n === 1 ? null : undefined))).toEqual([null])
      expect(await run((n) => (n === 1 ? 0 : ''))).toEqual([0, ''])
    })

    test('emits arrays, sets, maps and strings whole', async () => {
      const values = [[1, 2], new Set([1]), new Map([[1, 2]]), 'text']
      let i = 0
      expect(await run(() => values[i++], [0, 0, 0, 0])).toEqual(values)
    })

    test('may return a promise, and the next message waits for it', async () => {
      const order: string[] = []
      await run(async (n) => {
        order.push(`start ${n}`)
        await Promise.resolve()
        order.push(`end ${n}`)
      })
      expect(order).toEqual(['start 1', 'end 1', 'start 2', 'end 2'])
    })

    test('may be a generator: each output is written as it is yielded', async () => {
      const app = createApp()
      const order: string[] = []
      app.snap([1], { sink: [(value: string) => order.push(`sink ${value}`)] })(function* () {
        order.push('yield a')
        yield 'a'
        yield undefined
        order.push('yield b')
        yield 'b'
      })
      await app.stream()
      expect(order).toEqual(['yield a', 'sink a', 'yield b', 'sink b'])
    })

    test('may be an async generator, or an async function that returns a generator', async () => {
      expect(
        await run(async function* (n) {
          yield n
          await Promise.resolve()
          yield -n
        }),
      ).toEqual([1, -1, 2, -2])
      expect(await run(async (n) => [n, n].values())).toEqual([1, 1, 2, 2])
    })

    test('may be a generator of a million outputs, which does not overflow the stack', async () => {
      let count = 0
      const app = createApp()
      app.snap([0], { sink: [() => void count++] })(function* () {
        for (let i = 0; i < 1_000_000; i++) yield i
      })
      await app.stream()
      expect(count).toBe(1_000_000)
    })

    test('gets the context of the stream, a signal and stop', async () => {
      const app = createApp<{ env: string }>()
      let seen: unknown[] = []
      app.snap([1])((_, { env, signal, stop }) => {
        seen = [env, signal.aborted, typeof stop]
      })
      await app.stream({ env: 'DEV' })
      expect(seen).toEqual(['DEV', false, 'function'])
    })

    test('is returned by snap as it was given', () => {
      const app = createApp()
      const handler = (n: number) => n
      expect(app.snap([1])(handler)).toBe(handler)
    })

    test('works with the top-level snap and stream, twice in a row', async () => {
      const out: number[] = []
      for (const n of [1, 2]) {
        snap([n], { sink: [(value: number) => out.push(value)] })((value) => value)
        await stream()
      }
      expect(out).toEqual([1, 2])
    })
  })

  describe('sinks', () => {
    test('get every value in the order of the list; a function gets only the value', async () => {
      const app = createApp()
      const calls: unknown[][] = []
      const log: string[] = []
      const first = (...args: unknown[]) => void calls.push(['first', ...args])
      const second = (...args: unknown[]) => void calls.push(['second', ...args])
      app.snap([1, 2], { sink: [first, fakeSink(log), second] })((n) => n)
      await app.stream()
      expect(calls).toEqual([
        ['first', 1],
        ['second', 1],
        ['first', 2],
        ['second', 2],
      ])
      expect(log.slice(0, 2)).toEqual(['write 1', 'write 2'])
    })

    test('delay the next message while their promise is pending', async () => {
      const app = createApp()
      const order: string[] = []
      const slow = async (n: number) => {
        order.push(`start ${n}`)
        await new Promise((resolve) => setTimeout(resolve, 2))
        order.push(`end ${n}`)
      }
      app.snap([1, 2], { sink: [slow] })((n) => n)
      await app.stream()
      expect(order).toEqual(['start 1', 'end 1', 'start 2', 'end 2'])
    })
  })
}
