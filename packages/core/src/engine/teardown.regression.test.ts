import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test, vi } from 'vitest'
import { createApp } from '../app.ts'
import { interval } from '../operators/interval.ts'
import type { BatchSource, SinkTarget } from '../protocol.ts'

test('a source that opens after the stop is closed', async () => {
  const closed: string[] = []
  let finishOpening: () => void = () => {}
  const opening = new Promise<void>((resolve) => (finishOpening = resolve))
  const source: BatchSource<number> = {
    '~snapstream.source': async () => {
      await opening
      return { read: () => undefined, commit() {}, close: () => void closed.push('reader') }
    },
  }
  const stop = new AbortController()
  const app = createApp()
  app.snap(source)(() => {})
  const ended = app.stream({}, { signal: stop.signal })
  await Promise.resolve()
  stop.abort()
  setTimeout(finishOpening, 5)
  await ended
  expect(closed).toEqual(['reader'])
})

test('every flush that fails is reported', async () => {
  const failing = (what: string): SinkTarget<number> => ({
    '~snapstream.sink': () => ({ write() {}, flush: () => Promise.reject(new Error(what)) }),
  })
  const app = createApp()
  app.snap([1], { sink: [failing('one'), failing('two')] })((n) => n)
  const error: unknown = await app.stream().catch((thrown: unknown) => thrown)
  const contains = (what: string) => expect.stringContaining(what) as string
  expect(error).toMatchObject({
    code: 'SINK_FAILED',
    message: contains('one'),
    suppressed: [{ code: 'SINK_FAILED', message: contains('two') }],
  })
})

test.each([1, 2])('a generator may call stop() itself, with %i binding(s)', async (bindings) => {
  const app = createApp()
  const stop = new AbortController()
  const source = (function* numbers() {
    yield 1
    stop.abort()
    yield 2
  })()
  const uncaught: unknown[] = []
  const onUncaught = (error: unknown) => void uncaught.push(error)
  process.on('uncaughtException', onUncaught)
  for (let i = 0; i < bindings; i++) app.snap(source)(() => {})
  await app.stream({}, { signal: stop.signal })
  await new Promise((resolve) => setImmediate(resolve))
  process.off('uncaughtException', onUncaught)
  expect(uncaught).toEqual([])
})

test('an asynchronous handler that never leaves the microtask queue lets timers run', async () => {
  const app = createApp()
  const endless = {
    *[Symbol.iterator]() {
      for (;;) yield 1
    },
  }
  app.snap(endless)(async () => {})
  await expect(app.stream({}, { signal: AbortSignal.timeout(20) })).resolves.toBeUndefined()
})

test('an iterator that fails ends the stream with SOURCE_FAILED, whichever worker reads it', async () => {
  for (const bindings of [1, 2]) {
    const app = createApp()
    const source = (function* broken() {
      yield 1
      throw new Error('torn')
    })()
    for (let i = 0; i < bindings; i++) app.snap(source)(() => {})
    await expect(app.stream()).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause: { message: 'torn' } })
  }
})

test.each([1, 2])(
  'an iterator whose return() fails while it waits is reported, with %i binding(s)',
  async (bindings) => {
    const app = createApp()
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<number>>(() => {}),
        return: () => Promise.reject(new Error('cannot leave')),
      }),
    }
    for (let i = 0; i < bindings; i++) app.snap(source)(() => {})
    await expect(app.stream({}, { signal: AbortSignal.timeout(5), shutdownMs: 200 })).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: 'source 1 of handler 1 failed: cannot leave',
    })
  },
)

test('a message that comes too late for several bindings is reported', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  let give: (result: IteratorResult<number>) => void = () => {}
  const next = () => new Promise<IteratorResult<number>>((resolve) => (give = resolve))
  const app = createApp()
  const source = { [Symbol.asyncIterator]: () => ({ next }) }
  app.snap(source)(() => {})
  app.snap(source)(() => {})
  await app.stream({}, { signal: AbortSignal.timeout(5) })
  give({ done: false, value: 7 })
  await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce())
  expect(warn.mock.calls[0]?.at(-1)).toEqual({ bindings: ['handler 1', 'handler 2'], message: 7 })
  warn.mockRestore()
})

test('many intervals, sources and handlers on one signal cause no leak warning of Node', async () => {
  const warnings: string[] = []
  const onWarning = (warning: Error) => void warnings.push(warning.message)
  process.on('warning', onWarning)
  const app = createApp()
  const stop = new AbortController()
  const ticks = Array.from({ length: 20 }, () => interval(1, { signal: stop.signal }))
  let handling = 0
  for (const tick of ticks)
    app.snap(tick)(
      (_, { signal }) =>
        new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve())
          if (++handling === 20) stop.abort()
          setTimeout(resolve, 10)
        }),
    )
  await app.stream({}, { signal: stop.signal })
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', onWarning)
  expect(warnings).toEqual([])
})

test('settings of a month last a month, and their timers do not fire at once', async () => {
  const month = 30 * 86_400_000
  const app = createApp()
  let checkpoints = 0
  app.on('checkpoint', () => checkpoints++)
  app.snap([1, 2, 3], { maxProcessingMs: month, onError: { retries: 1, backoffMs: 1 } })(
    async () => new Promise<void>((resolve) => void setTimeout(resolve, 20)),
  )
  await app.stream({}, { checkpointMs: month, shutdownMs: month, stallMs: month })
  expect(checkpoints).toBe(1)
})

test('a handled batch is released, even if its lane gets no other', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let batch: WeakRef<object> | undefined
  let given = false
  let end = () => {}
  const source: BatchSource<object> = {
    '~snapstream.source': () => ({
      read() {
        if (given) return new Promise<undefined>((resolve) => (end = () => resolve(undefined)))
        given = true
        const one = { lane: 'a', messages: [{}], bytes: 0, position: (n: number) => n, done() {} }
        batch = new WeakRef(one)
        return one
      },
      commit() {},
      close: () => end(),
    }),
  }
  const stop = new AbortController()
  const app = createApp()
  app.snap(source)(async () => {})
  const ended = app.stream({}, { signal: stop.signal })
  await expect.poll(() => app.health().bindings[0]?.handled).toBe(1)
  await expect
    .poll(() => {
      collect()
      return batch?.deref()
    })
    .toBeUndefined()
  stop.abort()
  await ended
})
