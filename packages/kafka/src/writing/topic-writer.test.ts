import { createVirtualHost } from '@snapstream/core/testing'
import { describe, expect, test } from 'vitest'
import type { Owner } from '../producer/partition-queue.ts'
import type { TopicSender } from './topic-sender.ts'
import { topicSpec } from '../options/topic-spec.ts'
import { topicWriter } from './topic-writer.ts'

const CHECKPOINT = { id: 1, positions: new Map() }

function setup({ callFailed = false } = {}) {
  const host = createVirtualHost({ startMs: 1000.7 })
  const controller = new AbortController()
  const sent: { timestamp: number | bigint }[] = []
  const closes: (boolean | undefined)[] = []
  const owners: Owner[] = []
  let drain = () => {}
  const drained = new Promise<void>((resolve) => (drain = resolve))
  const sender: TopicSender = {
    connect: async () => {},
    send(sending, owner) {
      sent.push(sending)
      owners.push(owner)
    },
    sendBytes() {},
    waitingBytes: 0,
    drained: () => drained,
    close: async () => {},
  }
  const writer = topicWriter(
    topicSpec('demo', {}),
    sender,
    { signal: controller.signal, host, scope: new Map(), trouble() {} },
    { close: async (gaveUp) => void closes.push(gaveUp) },
    { takeFailed: () => callFailed },
  )
  return { writer, sent, owners, closes, host, controller, drain: () => drain() }
}

async function settled(pending: unknown): Promise<boolean> {
  let done = false
  const mark = () => (done = true)
  void Promise.resolve(pending).then(mark, mark)
  for (let i = 0; i < 20; i++) await Promise.resolve()
  return done
}

describe('flush', () => {
  test('waits for what was written', async () => {
    const { writer, drain } = setup()
    const flushed = writer.flush(CHECKPOINT)
    expect(await settled(flushed)).toBe(false)
    drain()
    expect(await settled(flushed)).toBe(true)
  })

  test('rejects with the first failure, also the next time', async () => {
    const { writer, owners, drain, closes } = setup()
    await writer.write('a')
    owners[0]?.failed(new Error('first'))
    owners[0]?.failed(new Error('second'))
    drain()
    await expect(writer.flush(CHECKPOINT)).rejects.toThrow('first')
    await expect(writer.flush(CHECKPOINT)).rejects.toThrow('first')
    await writer.close?.()
    expect(closes).toEqual([true])
  })

  test('lets the process end first if a call failed and nobody listened', async () => {
    const { writer, host, drain } = setup({ callFailed: true })
    drain()
    const flushed = writer.flush(CHECKPOINT)
    expect(await settled(flushed)).toBe(false)
    await host.settle(Promise.resolve(flushed))
  })

  test('gives up when there is no time left', async () => {
    const { writer, controller, closes } = setup()
    const flushed = writer.flush(CHECKPOINT)
    controller.abort()
    await expect(flushed).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT', topic: 'demo' })
    await writer.close?.()
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
])('the event time %s becomes %s', async (timestamp, written) => {
  const { writer, sent } = setup()
  await writer.write('a', { lane: 'x/0', timestamp, headers: undefined })
  await writer.write(['k', 'a', { timestamp: 7 }], { lane: 'x/0', timestamp, headers: undefined })
  expect(sent.map((sending) => sending.timestamp)).toEqual([written, 7])
})

test.each([Number.NaN, Infinity, 2 ** 63, 2n ** 63n, -(2n ** 63n) - 1n])(
  'the event time %s is refused by name',
  (timestamp) => {
    const { writer, sent } = setup()
    const write = () => writer.write('a', { lane: 'x/0', timestamp, headers: undefined })
    expect(write).toThrow(
      expect.objectContaining({ code: 'SINK_REFUSED', message: expect.stringContaining('64 bits') }),
    )
    expect(sent).toEqual([])
  },
)
