import { expect, test } from 'vitest'
import { createApp } from '../app.ts'
import type { Probe, Trace } from '../observe/probe.ts'
import type { Headers } from '../protocol.ts'
import { fakeSink, fakeSource } from '../suite/fakes.ts'
import { createVirtualHost } from '../testing/index.ts'
import { addProbe, bindingsOf } from './probes.ts'

const HEADERS: Headers = [['trace', new Uint8Array([7])]]

/** A probe that logs what it is told. */
function logging(log: string[], follow: (message: unknown) => boolean = () => true): Required<Probe> {
  return {
    trace({ message, raw }, binding): Trace | undefined {
      const { offset } = raw as { offset: number }
      log.push(`see ${String(message)} at ${offset} in ${binding}`)
      if (!follow(message)) return undefined
      return {
        headers: HEADERS,
        run(handle) {
          log.push(`begin ${offset}`)
          const outcome = handle()
          void Promise.resolve(outcome).then(
            (given) => log.push(`end ${offset} ${String(given)}`),
            () => log.push(`break ${offset}`),
          )
          return outcome
        },
        failed: (error, attempt) => void log.push(`${error.message} ${attempt}`),
      }
    },
    batch: ({ messages }, binding, durationMs) =>
      void log.push(`batch of ${messages.length} in ${binding}: ${durationMs}`),
  }
}

test('a probe follows messages through their attempts and sinks', async () => {
  const log: string[] = []
  const host = createVirtualHost()
  const app = createApp({ host })
  const sink = fakeSink(log, {
    write: (value, origin) => void log.push(`write ${String(value)} ${String(origin?.carried === HEADERS)}`),
  })
  let tries = 0
  app.snap(fakeSource([], [{ lane: 'a', messages: [1, 2] }]), {
    name: 'copy',
    sink: [sink],
    onError: { retries: 1, backoffMs: 100 },
  })((n) => {
    if (n === 1 && ++tries === 1) throw new Error('once')
    return n
  })
  addProbe(
    app,
    logging(log, (message) => message === 1),
  )
  await host.settle(app.stream())
  expect(log.filter((line) => !/flush|close/.test(line))).toEqual([
    'see 1 at 40 in copy',
    'begin 40',
    'once 1',
    'write 1 true',
    'end 40 undefined',
    'see 2 at 41 in copy',
    'write 2 false',
    expect.stringMatching(/^batch of 2 in copy: [1-9]\d+/),
  ])
})

test.each([1, 2])(
  'it learns which messages are skipped and which stop the stream, with concurrency %i',
  async (concurrency) => {
    const log: string[] = []
    const host = createVirtualHost()
    const app = createApp({ host })
    const source = fakeSource([], [{ lane: 'a', messages: [{ key: 'x' }, { key: 'y' }], broken: [1] }])
    app.snap(source, { name: 'check', concurrency, onError: (_, __, attempt) => (attempt === 1 ? 'skip' : 'stop') })(
      () => {
        throw new Error('no')
      },
    )
    addProbe(app, logging(log))
    await host.settle(app.stream())
    expect(log).toEqual(
      expect.arrayContaining([
        'no 1',
        'end 40 true',
        'message 1 did not decode 1',
        'end 41 true',
        'batch of 2 in check: 0',
      ]),
    )

    const stopped: string[] = []
    const stopping = createApp({ host })
    stopping.snap(fakeSource([], [{ lane: 'a', messages: [{ key: 'x' }] }]), { concurrency })(() => {
      throw new Error('no')
    })
    addProbe(stopping, logging(stopped))
    await expect(host.settle(stopping.stream())).rejects.toMatchObject({ code: 'HANDLER_FAILED' })
    expect(stopped).toEqual(['see [object Object] at 40 in handler 1', 'begin 40', 'no 1', 'break 40'])
  },
)

test('a message keeps the headers that it hands on no longer than it is handled', async () => {
  const carried: unknown[] = []
  const host = createVirtualHost()
  const app = createApp({ host })
  const sink = fakeSink([], { write: (_, origin) => void carried.push(origin?.carried) })
  const lanes = [1, 2].map((n) => ({ lane: 'a', messages: [n] }))
  app.snap(fakeSource([], lanes), { sink: [sink] })((n) => n)
  let seen = 0
  addProbe(app, { trace: () => (seen++ === 0 ? { headers: HEADERS } : undefined) })
  await host.settle(app.stream())
  expect(carried).toEqual([HEADERS, undefined])
})

test('several probes get every batch, one of them follows messages, and each can be removed', async () => {
  const log: string[] = []
  const app = createApp()
  const run = async () => {
    log.length = 0
    app.snap(fakeSource([], [{ lane: 'a', messages: [1] }]), { name: 'copy' })(() => {})
    await app.stream()
    return log.map((line) => line.replace(/: .*/, ''))
  }
  const { batch, trace } = logging(log, () => false)
  const removeTrace = addProbe(app, { trace })
  const removeOne = addProbe(app, { batch })
  const removeOther = addProbe(app, { batch })
  expect(() => addProbe(app, { trace })).toThrow(expect.objectContaining({ code: 'USAGE' }))
  expect(await run()).toEqual(['see 1 at 40 in copy', 'batch of 1 in copy', 'batch of 1 in copy'])
  removeOne()
  removeTrace()
  expect(await run()).toEqual(['batch of 1 in copy'])
  removeOther()
  expect(await run()).toEqual([])
})

test('it tells what the sources of bindings are', async () => {
  const app = createApp()
  const orders = { ...fakeSource([], []), '~snapstream.about': { system: 'kafka', name: 'orders', group: 'billing' } }
  app.snap(orders, [1], { name: 'copy' })(() => {})
  expect(bindingsOf(app)).toEqual([])
  await app.stream()
  const about = { system: 'kafka', name: 'orders', group: 'billing' }
  expect(bindingsOf(app)).toEqual([{ name: 'copy', sources: [about, undefined] }])
})

test('only an app of createApp can be probed', () => {
  const app = { health: () => createApp().health() }
  expect(() => addProbe(app, {})).toThrow('an app that is watched has to be made by createApp')
})
