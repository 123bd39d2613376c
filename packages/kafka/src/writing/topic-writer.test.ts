import { createVirtualHost } from '@snapstream/core/testing'
import { describe, expect, test } from 'vitest'
import type { DeliveryListener } from '../producer/accumulator.ts'
import { resolveSettings } from '../conf/resolve-settings.ts'
import { memory } from '../memory/index.ts'
import type { TopicSender } from './topic-sender.ts'
import { topicSpec } from '../options/topic-spec.ts'
import { openTopicSink } from '../topic/open-topic-sink.ts'
import { topicWriter } from './topic-writer.ts'
import type { OpenableTopic } from './topic-writer.ts'

const CHECKPOINT = { id: 1, positions: new Map() }

const notUsed = () => {
  throw new Error('only a transaction prepares records')
}

async function setup({ callFailed = false } = {}) {
  const host = createVirtualHost({ startMs: 1000.7 })
  const controller = new AbortController()
  const sent: { timestamp: number | bigint }[] = []
  const closes: (boolean | undefined)[] = []
  const listeners: DeliveryListener[] = []
  let drain = () => {}
  const drained = new Promise<void>((resolve) => (drain = resolve))
  const sender: TopicSender = {
    connect: async () => {},
    send(record, listener) {
      sent.push(record)
      listeners.push(listener)
    },
    sendEncoded() {},
    prepare: notUsed,
    prepareEncoded: notUsed,
    bufferedBytes: 0,
    drained: () => drained,
    close: async () => {},
  }
  const spec = topicSpec('demo', {})
  const topic: OpenableTopic = {
    current: undefined,
    open: async () => ({ sender, settings: resolveSettings({ driver: memory() }), host }),
    close: async (gaveUp) => void closes.push(gaveUp),
  }
  const writer = topicWriter(spec, topic)
  const sink = await openTopicSink(spec, topic, writer.written, {
    signal: controller.signal,
    host,
    scope: new Map(),
    trouble() {},
    sources: [],
  })
  if (callFailed) await writer.call('a').catch(() => {})
  return { sink, sent, listeners, closes, host, controller, drain: () => drain() }
}

async function settled(pending: unknown): Promise<boolean> {
  let done = false
  const mark = () => (done = true)
  void Promise.resolve(pending).then(mark, mark)
  for (let i = 0; i < 20; i++) await Promise.resolve()
  return done
}

describe('flush', () => {
  test('waits until every record is settled', async () => {
    const { sink, drain } = await setup()
    const flushed = sink.flush(CHECKPOINT)
    expect(await settled(flushed)).toBe(false)
    drain()
    expect(await settled(flushed)).toBe(true)
  })

  test('rejects with the first failure, each time', async () => {
    const { sink, listeners, drain, closes } = await setup()
    await sink.write('a')
    listeners[0]?.failed(new Error('first'))
    listeners[0]?.failed(new Error('second'))
    drain()
    await expect(sink.flush(CHECKPOINT)).rejects.toThrow('first')
    await expect(sink.flush(CHECKPOINT)).rejects.toThrow('first')
    await sink.close?.()
    expect(closes).toEqual([true])
  })

  test('lets the process end before it resolves if a call failed and its rejection is not handled', async () => {
    const { sink, host, drain } = await setup({ callFailed: true })
    drain()
    const flushed = sink.flush(CHECKPOINT)
    expect(await settled(flushed)).toBe(false)
    await host.settle(Promise.resolve(flushed))
  })

  test('rejects with SHUTDOWN_TIMEOUT once the signal is aborted', async () => {
    const { sink, controller, closes } = await setup()
    const flushed = sink.flush(CHECKPOINT)
    controller.abort()
    await expect(flushed).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT', topic: 'demo' })
    await sink.close?.()
    expect(closes).toEqual([true])
  })
})

test.each<[number | bigint | undefined, number | bigint]>([
  [1234.9, 1234],
  [0, 0],
  [-1, -1],
  [-86_400_000, -86_400_000],
  [1_796_024_387_239_123_457n, 1_796_024_387_239_123_457n],
  [undefined, 1000],
])('a value whose message has the timestamp %s is written with %s', async (timestamp, written) => {
  const { sink, sent } = await setup()
  await sink.write('a', { message: 'a', source: {}, lane: 'x/0', timestamp, headers: undefined })
  await sink.write(['k', 'a', { timestamp: 7 }], {
    message: 'a',
    source: {},
    lane: 'x/0',
    timestamp,
    headers: undefined,
  })
  expect(sent.map((sending) => sending.timestamp)).toEqual([written, 7])
})

test.each([Number.NaN, Infinity, 2 ** 63, 2n ** 63n, -(2n ** 63n) - 1n])(
  'a value whose message has the timestamp %s is refused',
  async (timestamp) => {
    const { sink, sent } = await setup()
    const write = () => sink.write('a', { message: 'a', source: {}, lane: 'x/0', timestamp, headers: undefined })
    expect(write).toThrow(
      expect.objectContaining({ code: 'SINK_REFUSED', message: expect.stringContaining('64 bits') }),
    )
    expect(sent).toEqual([])
  },
)
