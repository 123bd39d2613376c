import { describe as group, expect, test, vi } from 'vitest'
import type { Core } from './core.ts'
import { fakeSource } from './fakes.ts'

/** Values that throw when they are read, and others that are hard to describe. */
function hostileValues(): [what: string, value: unknown][] {
  const refuse = () => {
    throw new Error('do not look at me')
  }
  const traps: ProxyHandler<object> = {
    get: refuse,
    has: refuse,
    ownKeys: refuse,
    getPrototypeOf: refuse,
    getOwnPropertyDescriptor: refuse,
  }
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const { proxy: list, revoke: revokeList } = Proxy.revocable([], {})
  revokeList()
  return [
    ['a proxy that throws', new Proxy({}, traps)],
    ['a proxy of an error that throws', new Proxy(new Error('hidden'), traps)],
    ['a proxy of an error whose properties throw', new Proxy(new Error('hidden'), { get: refuse })],
    ['a revoked proxy', proxy],
    ['a revoked proxy of an array', list],
    ['an error whose message throws', Object.defineProperty(new Error('hidden'), 'message', { get: refuse })],
    ['an error whose message is none', Object.assign(new Error('hidden'), { message: Symbol('none') })],
    ['an error with a long message', new Error('long '.repeat(400_000))],
    ['an object whose class throws', Object.defineProperty({}, 'constructor', { get: refuse })],
    ['an object whose class has no name', { constructor: { name: { toString: refuse } } }],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['an object with long names', { ['x'.repeat(1_000_000)]: 1 }],
    ['null', null],
    ['undefined', undefined],
    ['a symbol', Symbol('s'.repeat(1000))],
    ['a long string', 'x'.repeat(1_000_000)],
    ['a number', -0],
    ['a bigint', 2n ** 4000n],
    ['a function', refuse],
  ]
}

export function hostileValueSuite({ createApp, SnapstreamError, causesOf, describe, toError }: Core): void {
  group('values that throw when they are read', () => {
    test.each(hostileValues())('%s can be described, and thrown', async (_, value) => {
      const text = describe(value)
      expect(typeof text).toBe('string')
      expect(text.length).toBeLessThanOrEqual(400)
      const error = toError(value)
      expect(typeof error.message).toBe('string')
      expect(SnapstreamError.is(value)).toBe(false)
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
      const lines: string[] = []
      const line = (text: string) => void lines.push(text)
      const logger = { debug: line, info: line, warn: line, error: line }
      const outcome = (bind: (app: ReturnType<typeof createApp>) => void) => {
        const app = createApp()
        bind(app)
        return app.stream({}, { logger }).then(
          () => undefined,
          (thrown: unknown) => thrown as Error,
        )
      }
      const fail = (): never => {
        throw value
      }
      const source = () => fakeSource([], [{ lane: 'a', messages: ['x'] }])
      const failures = [
        await outcome((app) => app.snap(source(), { name: 'handles' })(fail)),
        await outcome((app) => app.snap(source(), { name: 'handles' })(async () => fail())),
        await outcome((app) => app.snap(source(), { name: 'handles', sink: [fail] })(() => 1)),
        await outcome((app) => app.snap({ [Symbol.iterator]: () => ({ next: fail }) }, { name: 'handles' })(() => {})),
        await outcome((app) => app.snap(source(), { name: 'handles', use: [{ open: fail, close: fail }] })(() => {})),
        await outcome((app) => app.snap(source(), { name: 'handles', onError: fail })(fail)),
      ]
      for (const failure of failures) {
        expect(SnapstreamError.is(failure)).toBe(true)
        expect(failure?.message).toMatch(/handles/)
        expect(failure?.message.length).toBeLessThanOrEqual(1200)
      }
      const skipped: unknown[] = []
      const skips = await outcome((app) => {
        app.on('skip', ({ error: told }) => skipped.push(told))
        app.snap(source(), { onError: 'skip' })(fail)
      })
      expect([skips, skipped.length]).toEqual([undefined, 1])
      expect(lines.every((one) => one.length < 5000)).toBe(true)
      expect(lines.some((one) => one.startsWith('snapstream skip: '))).toBe(true)
      // No event failed to be logged: that would print a warning.
      expect(warn).not.toHaveBeenCalled()
      warn.mockRestore()
    })

    test.each(hostileValues())('%s can be a message, a value and the result of a sink', async (_, value) => {
      const app = createApp()
      const out: unknown[] = []
      app.snap([value], { onError: 'skip', sink: [(one: unknown) => out.push(one)] })((message) => message)
      app.snap([1], { onError: 'skip', sink: [() => value] })((message) => message)
      app.snap([value], { onError: 'skip', concurrency: 2, key: (message) => message })(() => {})
      await app.stream()
      // A value whose `then` or `next` throws is a failure of the handler; the others are values.
      expect(out.length + (app.health().bindings[0]?.skipped ?? 0)).toBe(value === undefined ? 0 : 1)
    })

    test('a message that comes too late is reported, whatever its value', async () => {
      for (const [, value] of hostileValues()) {
        const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
        const app = createApp()
        let give: (result: IteratorResult<unknown>) => void = () => {}
        const next = () => new Promise<IteratorResult<unknown>>((resolve) => (give = resolve))
        app.snap({ [Symbol.asyncIterator]: () => ({ next }) })(() => {})
        await app.stream({}, { signal: AbortSignal.abort() })
        const second = createApp()
        second.snap({ [Symbol.asyncIterator]: () => ({ next }) })(() => {})
        await second.stream({}, { signal: AbortSignal.timeout(1) })
        give({ done: false, value })
        await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce())
        expect(warn.mock.calls[0]?.[0]).toMatch(/^snapstream unhandled: bindings handler 1, message /)
        const told = warn.mock.calls[0]?.[1] as { readonly message: unknown }
        expect(Object.is(told.message, value)).toBe(true)
        warn.mockRestore()
      }
    })

    test.each(hostileValues())('%s can be a cause, and a circular chain of causes ends', (_, value) => {
      const inner = Object.assign(new Error('inner', { cause: value }), { code: 'EIO' })
      const causes = causesOf(new Error('outer', { cause: inner }))
      expect(causes.slice(0, 2)).toMatchObject([
        { message: 'outer', code: undefined },
        { message: 'inner', code: 'EIO' },
      ])
      expect(causes).toHaveLength(value === undefined || value === null ? 2 : 3)
      for (const { message, stack } of [...causes, ...causesOf(value)]) {
        expect(typeof message).toBe('string')
        expect(stack).toContain(message)
      }
    })

    test('circular and endless chains of causes end', () => {
      const [one, other] = [new Error('one'), new Error('other')]
      one.cause = other
      other.cause = one
      expect(causesOf(one).map(({ message }) => message)).toEqual(['one', 'other'])
      const endless: ProxyHandler<Error> = {
        get: (_, name) => (name === 'cause' ? new Proxy(new Error(), endless) : 'x'),
      }
      expect(causesOf(new Proxy(new Error('x'), endless))).toHaveLength(10)
    })

    test('a long text is cut, with its length', () => {
      expect(describe('x'.repeat(100))).toBe(`"${'x'.repeat(60)}… (100 characters)"`)
      expect(new SnapstreamError('USAGE', 'y'.repeat(1_000_000)).message.length).toBeLessThan(4100)
    })
  })
}
