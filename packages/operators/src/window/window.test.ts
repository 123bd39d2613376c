import { createApp } from '@snapstream/core'
import { JsonCodec } from '@snapstream/codecs'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { runThrough } from '../fixtures/run-app.ts'
import { filter, map, window } from '../index.ts'
import type { WindowOptions } from '../index.ts'

afterEach(() => Conf.reset())

interface Message {
  readonly key: string
  readonly timestamp: number
  readonly value: number | null
}

const at = (timestamp: number, key = 'a', value: number | null = 1): Message => ({ key, timestamp, value })
const count = (count: number = 0) => count + 1
const MINUTE = { sizeMs: 60, graceMs: 10 }

test('each window is told once, in the order of ends and keys, before the message that ended it', async () => {
  const seen: unknown[] = []
  const noted = map([at(5), at(50, 'b'), at(61), at(59), at(200), at(201)], (message) => {
    seen.push(message.timestamp)
    return message
  })
  await runThrough(window(noted, MINUTE, count), (result) => void seen.push(result))
  expect(seen).toEqual([
    5,
    50,
    61,
    59,
    200,
    { key: 'a', start: 0, end: 60, value: 2 },
    { key: 'b', start: 0, end: 60, value: 1 },
    { key: 'a', start: 60, end: 120, value: 1 },
    201,
  ])
})

test('a window is open as long as event time is less than its grace behind its end', async () => {
  const late: unknown[] = []
  const options = { ...MINUTE, late: (message: Message) => late.push(message.timestamp) }
  const results = await runThrough(
    window([at(5), at(69), at(6), at(70), at(7), at(75), at(200)], options, count),
    ({ start, value }) => [start, value],
  )
  expect(results).toEqual([
    [0, 2],
    [60, 3],
  ])
  expect(late).toEqual([7])
})

test('updates come with each message, and none comes at the end', async () => {
  const updates = window([at(5), at(65), at(6), at(300)], { ...MINUTE, emit: 'updates' }, count)
  expect(await runThrough(updates, ({ start, value }) => [start, value])).toEqual([
    [0, 1],
    [60, 1],
    [0, 2],
    [300, 1],
  ])
})

test('an update of a session names the sessions that it has taken in', async () => {
  const options = { gapMs: 10, graceMs: 20, emit: 'updates' as const, merge: (a: number, b: number) => a + b }
  const updates = window([at(10), at(25), at(18)], options, count)
  expect(await runThrough(updates, (update) => update)).toEqual([
    { key: 'a', start: 10, end: 11, value: 1 },
    { key: 'a', start: 25, end: 26, value: 1 },
    { key: 'a', start: 10, end: 26, value: 3, replaces: [25] },
  ])
})

test('windows by number have the times of their first and last message', async () => {
  const counted = window([at(7), at(3), at(9, 'b'), at(5), at(8), at(1)], { count: 2 }, count)
  expect(await runThrough(counted, (result) => result)).toEqual([
    { key: 'a', start: 3, end: 8, value: 2 },
    { key: 'a', start: 5, end: 9, value: 2 },
  ])
  const updates = window([at(7), at(3), at(5)], { count: 2, emit: 'updates' }, count)
  expect(await runThrough(updates, ({ value }) => value)).toEqual([1, 2, 1])
})

test('a tombstone moves event time, and is in no window', async () => {
  const windows = window([at(5), at(6, 'a', null), at(100, 'b', null)], MINUTE, count)
  expect(await runThrough(windows, ({ value }) => value)).toEqual([1])
})

test('what a filter drops, and a map leaves out, moves event time', async () => {
  const kept = filter([at(5), at(100, 'dropped')], ({ key }) => key === 'a')
  expect(await runThrough(window(kept, MINUTE, count), ({ value }) => value)).toEqual([1])
  const mapped = map([at(5), at(100, 'dropped')], ({ key }) => (key === 'a' ? { key } : undefined))
  expect(await runThrough(window(mapped, MINUTE, count), ({ value }) => value)).toEqual([1])
})

test('a window of windows goes by the ends of its windows', async () => {
  const minutes = window([at(5), at(65), at(125), at(400)], MINUTE, count)
  const hours = window(minutes, { sizeMs: 120, graceMs: 0 }, (sum: number = 0, { value }) => sum + value)
  expect(await runThrough(hours, (result) => result)).toEqual([{ key: 'a', start: 0, end: 120, value: 2 }])
})

describe('messages that fail, for onError', () => {
  const failed = async (messages: readonly unknown[], options: WindowOptions<Message, number> = MINUTE) => {
    const errors: string[] = []
    const onError = (error: Error) => {
      errors.push(error.message)
      return 'skip' as const
    }
    const results = await runThrough(window(messages as Message[], options, count), ({ value }) => value, { onError })
    return { errors, results }
  }

  test('without a key or a time', async () => {
    const { errors, results } = await failed([
      { key: null, timestamp: 1000 },
      { key: 'a' },
      { key: 'a', timestamp: -1 },
      { key: 'a', timestamp: 5 },
      { key: 'a', timestamp: 100 },
    ])
    expect(errors.map((error) => error.slice(0, 60))).toEqual([
      'window needs messages with a key, and this one has none; let',
      'window goes by event time, and the message has no timestamp;',
      'window goes by event time, and the message has no timestamp;',
    ])
    // The message without a key did not move event time.
    expect(results).toEqual([1])
  })

  test('with a time far ahead of the clock', async () => {
    const { errors, results } = await failed([at(5), at(Date.now() + 90_000_000), at(6), at(100)])
    expect(errors).toEqual([
      expect.stringMatching(
        /^the message of window has the time 2.*Z, which is more than maxAheadMs \(86400000\) ahead of the clock, 2.*Z; it would end everything that is earlier: correct the clock of its writer and let onError skip the message, or raise maxAheadMs$/,
      ),
    ])
    expect(results).toEqual([2])
    expect((await failed([at(5), at(Date.now() + 90_000_000)], { ...MINUTE, maxAheadMs: Infinity })).errors).toEqual([])
  })

  test('and are tried again, with the windows that they ended', async () => {
    let fails = 2
    const results = await runThrough(
      window([at(5), at(200), at(201), at(400)], MINUTE, count),
      ({ start, value }) => {
        if (start === 0 && fails-- > 0) throw new Error('not yet')
        return [start, value]
      },
      { onError: { retries: 2, backoffMs: 0 } },
    )
    expect(results).toEqual([
      [0, 1],
      [180, 2],
    ])
  })
})

test('a skipped message ends no window, and the next one does', async () => {
  const results = await runThrough(
    window([at(5), at(200), at(201)], MINUTE, count),
    ({ start, value }) => [start, value],
    {
      onError: 'skip',
    },
  )
  let fails = 1
  const skipped = await runThrough(
    window([at(5), at(200), at(201)], MINUTE, count),
    ({ start, value }) => {
      if (fails-- > 0) throw new Error('once')
      return [start, value]
    },
    { onError: 'skip' },
  )
  expect(skipped).toEqual(results)
})

test.each([
  [{ graceMs: 1 }, 'window: the options have one of sizeMs, slideMs, gapMs, count, got an object with graceMs'],
  [{ sizeMs: 1, gapMs: 1, graceMs: 1 }, 'window: the options have one of sizeMs, slideMs, gapMs, count, got'],
  [{ sizeMs: 0, graceMs: 1 }, 'window: sizeMs is a whole number of ms of 1 or more, got 0'],
  [{ sizeMs: 1.5, graceMs: 1 }, 'window: sizeMs is a whole number of ms of 1 or more, got 1.5'],
  [{ sizeMs: 10 }, 'window: graceMs is a whole number of ms of 0 or more, got undefined'],
  [{ sizeMs: 10, everyMs: 11, graceMs: 0 }, 'window: everyMs is at most sizeMs, got 11'],
  [{ gapMs: 10, graceMs: 0 }, 'window: merge, which makes one value of those of two sessions, is a function'],
  [{ count: 0 }, 'window: count is a whole number above 0, got 0'],
  [{ count: 1, graceMs: 0 }, 'window: the options are count, emit, got "graceMs"'],
  [{ sizeMs: 1, graceMs: 0, emit: 'all' }, "window: emit is 'final' or 'updates', got \"all\""],
  [{ sizeMs: 1, graceMs: 0, idleMs: 0 }, 'window: idleMs is a whole number of ms of 1 or more, or Infinity, got 0'],
  [{ sizeMs: 1, graceMs: 0, late: 1 }, 'window: late is a function, got 1'],
])('options %j are refused', (options, message) => {
  expect(() => window([at(1)], options as never, count)).toThrow(message)
})

test('the records of a topic have the timestamps of their windows', async () => {
  Conf({ groupId: 'g' })
  const app = createApp()
  const clicks = Topic('clicks')
  const out = Topic('minutes', { codec: JsonCodec<{ start: number; clicks: number }>() })
  const minutes = window(clicks, { sizeMs: 60_000, graceMs: 5000 }, count)
  app.snap(minutes, { sink: [out] })(async ({ key, start, value }) => [key, { start, clicks: value }])
  await using test = createTestApp({ app })
  await test.start()
  for (const timestamp of [1000, 61_000, 2000, 190_000])
    await test.topic('clicks').pipe('x', { key: 'home', timestamp })
  await test.advance(1000)
  const written = await test.topic(out).readAll()
  expect(written.map(({ key, value, timestamp }) => [key, value, timestamp])).toEqual([
    ['home', { start: 0, clicks: 2 }, 59_999],
    ['home', { start: 60_000, clicks: 1 }, 119_999],
  ])
})
