import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Failure, OnError } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'

export function errorSuite({ createApp }: Core): void {
  describe('onError', () => {
    async function run(onError: OnError<number> | undefined, failsFor: (n: number, attempt: number) => boolean) {
      const host = createVirtualHost()
      const app = createApp({ host })
      const tries: string[] = []
      const attempts = new Map<number, number>()
      app.snap([1, 2, 3], { ...(onError !== undefined && { onError }) })(function handle(n: number) {
        const attempt = (attempts.get(n) ?? 0) + 1
        attempts.set(n, attempt)
        tries.push(`${n} at ${host.now()}`)
        if (failsFor(n, attempt)) throw new Error(`no ${n}`)
      })
      const error: unknown = await host.settle(app.stream().catch((thrown: unknown) => thrown))
      expect(host.timers).toBe(0)
      return { tries, error }
    }

    test('stops by default: the error names the handler and carries the cause', async () => {
      const { tries, error } = await run(undefined, (n) => n === 2)
      expect(tries).toEqual(['1 at 0', '2 at 0'])
      expect(error).toMatchObject({
        code: 'HANDLER_FAILED',
        binding: 'handle',
        message: 'handle failed: no 2',
        cause: expect.objectContaining({ message: 'no 2' }) as unknown,
      })
    })

    test('skips the message with skip', async () => {
      const { tries, error } = await run('skip', (n) => n === 2)
      expect(tries).toEqual(['1 at 0', '2 at 0', '3 at 0'])
      expect(error).toBeUndefined()
    })

    test('retries with a backoff that doubles, and goes on', async () => {
      const { tries, error } = await run({ retries: 3, backoffMs: 100 }, (n, attempt) => n === 2 && attempt <= 3)
      expect(tries).toEqual(['1 at 0', '2 at 0', '2 at 100', '2 at 300', '2 at 700', '3 at 700'])
      expect(error).toBeUndefined()
    })

    test('stops after the last retry without a dead letter', async () => {
      const { tries, error } = await run({ retries: 1, backoffMs: 10 }, (n) => n === 2)
      expect(tries).toEqual(['1 at 0', '2 at 0', '2 at 10'])
      expect(error).toMatchObject({ code: 'HANDLER_FAILED' })
    })

    test('calls a function after each attempt, with the number of the attempt', async () => {
      const asked: unknown[] = []
      const { error } = await run(
        (thrown, message, attempt) => {
          asked.push([thrown.message, message, attempt])
          return attempt < 3 ? 'retry' : 'skip'
        },
        (n) => n === 2,
      )
      expect(asked).toEqual([
        ['no 2', 2, 1],
        ['no 2', 2, 2],
        ['no 2', 2, 3],
      ])
      expect(error).toBeUndefined()
    })

    test('stops when the function itself throws', async () => {
      const { error } = await run(
        () => {
          throw new Error('confused')
        },
        (n) => n === 2,
      )
      expect(error).toMatchObject({ code: 'HANDLER_FAILED', message: 'onError of handle failed: confused' })
    })

    test('writes a message that cannot be handled to the dead letter, with the failure', async () => {
      const failures: Failure<number>[] = []
      const deadLetter = (failure: Failure<number>) => failures.push(failure)
      const { tries, error } = await run({ retries: 1, backoffMs: 5, deadLetter }, (n) => n === 2)
      expect(tries).toEqual(['1 at 0', '2 at 0', '2 at 5', '3 at 5'])
      expect(error).toBeUndefined()
      expect(failures).toMatchObject([{ message: 2, attempts: 2, binding: 'handle', error: { message: 'no 2' } }])
    })

    test('stops when the dead letter fails', async () => {
      const deadLetter = () => {
        throw new Error('full')
      }
      const { error } = await run({ deadLetter }, (n) => n === 2)
      expect(error).toMatchObject({ code: 'SINK_FAILED', message: 'deadLetter of handle failed: full' })
    })

    test('wraps a thrown value that is not an error', async () => {
      const app = createApp()
      app.snap([1])(() => {
        throw 'a string' // oxlint-disable-line no-throw-literal, typescript/only-throw-error
      })
      await expect(app.stream()).rejects.toMatchObject({
        code: 'HANDLER_FAILED',
        message: 'handler 1 failed: "a string" was thrown',
      })
    })

    test('covers promises and generators', async () => {
      for (const handler of [
        () => Promise.reject(new Error('no')),
        function* () {
          yield 1
          throw new Error('no')
        },
        async function* () {
          yield 1
          throw new Error('no')
        },
      ]) {
        const app = createApp()
        const out: unknown[] = []
        app.snap([1], { sink: [(value: unknown) => out.push(value)], onError: 'skip' })(
          handler as unknown as () => number,
        )
        await app.stream()
        expect(out.length).toBeLessThan(2)
      }
    })

    test('repeats only the write that was refused', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const log: string[] = []
      let refusals = 2
      const picky = fakeSink(log, {
        write(value) {
          if (refusals-- > 0) throw new Error('not now')
          log.push(`picky ${String(value)}`)
        },
      })
      let handled = 0
      const sink = [fakeSink(log), picky, (value: unknown) => void log.push(`last ${String(value)}`)] as const
      app.snap(['a', 'b'], { sink, onError: { retries: 2, backoffMs: 10 } })((value) => {
        handled++
        return value
      })
      await host.settle(app.stream())
      expect(handled).toBe(2)
      const writes = log.filter((line) => /write|picky|last/.test(line))
      expect(writes).toEqual(['write a', 'picky a', 'last a', 'write b', 'picky b', 'last b'])
      expect(host.now()).toBe(30)
    })

    test('covers a sink that refuses a value with a rejected promise', async () => {
      const app = createApp()
      app.snap([1], { sink: [() => Promise.reject(new Error('no room'))] })((n) => n)
      await expect(app.stream()).rejects.toMatchObject({
        code: 'SINK_REFUSED',
        message: 'sink 1 of handler 1 failed: no room',
      })
    })

    test('gets a message that did not decode, without a call of the handler and without retries', async () => {
      const log: string[] = []
      const app = createApp()
      const handled: unknown[] = []
      const failures: Failure[] = []
      const source = fakeSource(log, [{ lane: 'a', messages: ['x', 'y', 'z'], broken: [1] }])
      const deadLetter = (failure: Failure) => failures.push(failure)
      app.snap(source, { onError: { retries: 5, deadLetter } })((message) => void handled.push(message))
      await app.stream()
      expect(handled).toEqual(['x', 'z'])
      expect(failures).toMatchObject([
        { message: 'y', attempts: 1, raw: { topic: 'orders', partition: 3, offset: 41 } },
      ])
      expect(log).toContain('commit a=3')
    })

    test('names the place of the message in the error', async () => {
      const app = createApp()
      app.snap(fakeSource([], [{ lane: 'a', messages: ['x'] }]))(function count() {
        throw new TypeError('boom')
      })
      await expect(app.stream()).rejects.toMatchObject({
        message: 'count at orders/3 offset 40 failed: boom',
        topic: 'orders',
        partition: 3,
        offset: 40,
        key: 'k',
      })
    })

    test('names the sink that refused a value, and the place of the message', async () => {
      const app = createApp()
      const sink = [() => {}, () => Promise.reject(new Error('no room'))]
      app.snap(fakeSource([], [{ lane: 'a', messages: ['x'] }]), { name: 'count', sink })((value) => value)
      await expect(app.stream()).rejects.toMatchObject({
        code: 'SINK_REFUSED',
        message: 'sink 2 of count at orders/3 offset 40 failed: no room',
        binding: 'count',
        offset: 40,
      })
    })

    test('acknowledges the messages before the failure, and none after it', async () => {
      const log: string[] = []
      const app = createApp()
      app.snap(fakeSource(log, [{ lane: 'a', messages: [1, 2, 3] }]), { sink: [fakeSink(log)] })((n) => {
        if (n === 3) throw new Error('boom')
        return n
      })
      await expect(app.stream()).rejects.toThrow('boom')
      expect(log.filter((line) => /write|commit/.test(line))).toEqual(['write 1', 'write 2', 'commit a=2'])
    })

    test('does not cover a sink that fails to flush: the stream stops and acknowledges nothing more', async () => {
      const log: string[] = []
      const app = createApp()
      const sink = fakeSink(log, { flush: () => Promise.reject(new Error('disk full')) })
      app.snap(fakeSource(log, [{ lane: 'a', messages: [1] }]), { sink: [sink], onError: 'skip' })((n) => n)
      await expect(app.stream()).rejects.toMatchObject({
        code: 'SINK_FAILED',
        message: 'sink 1 of handler 1 failed: disk full',
      })
      expect(log.some((line) => line.startsWith('commit'))).toBe(false)
      expect(log).toContain('close sink')
    })

    test('adds the errors of closing to the first failure', async () => {
      const app = createApp()
      const sink = fakeSink([], {
        close() {
          throw new Error('cannot close')
        },
      })
      app.snap([1], { sink: [sink] })(() => {
        throw new Error('first')
      })
      await expect(app.stream()).rejects.toMatchObject({
        message: expect.stringContaining('first') as string,
        suppressed: [{ code: 'SINK_FAILED', message: 'sink 1 of handler 1 failed: cannot close' }],
      })
    })

    test('a source that throws stops the stream', async () => {
      const app = createApp()
      app.snap(
        (function* () {
          yield 1
          throw new Error('line broken')
        })(),
      )(() => {})
      await expect(app.stream()).rejects.toMatchObject({
        code: 'SOURCE_FAILED',
        message: 'source 1 of handler 1 failed: line broken',
      })
    })
  })
}
