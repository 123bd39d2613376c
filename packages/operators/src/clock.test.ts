import { createApp } from '@snapstream/core'
import type { App } from '@snapstream/core'
import { JsonCodec } from '@snapstream/codecs'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { debounce, map, process, window } from './index.ts'
import type { ProcessState, TimeOptions } from './index.ts'

afterEach(() => Conf.reset())

const out = () => Topic('out', { codec: JsonCodec() })

/** Counts clicks by minute. */
function minutesApp(options: Partial<TimeOptions<{ readonly key: string | null }>> = {}): App<{}> {
  Conf({ groupId: 'g' })
  const app = createApp()
  const minutes = window(
    Topic('clicks'),
    { sizeMs: 60_000, graceMs: 5000, ...options },
    (count: number = 0) => count + 1,
  )
  app.snap(minutes, { name: 'minutes', sink: [out()] })(({ key, start, value }) => [key, { start, value }])
  return app
}

describe('a partition without messages', () => {
  test('goes on with the wall clock after idleMs, and its windows end', async () => {
    await using test = createTestApp({ app: minutesApp(), partitions: 2 })
    await test.start()
    await test.topic('clicks').pipe('x', { key: 'home', timestamp: 1000, partition: 0 })
    await test.advance(59_000)
    expect(await test.topic(out()).readAll()).toEqual([])
    // 64 s behind the message, as the window ends with its grace at 65 s.
    await test.advance(8000)
    const [result] = await test.topic(out()).readAll()
    expect(result).toMatchObject({ key: 'home', value: { start: 0, value: 1 }, timestamp: 59_999 })
    expect(test.now).toBeLessThan(70_000)
  })

  test('goes on where its event time was, however far that is from the wall clock', async () => {
    await using test = createTestApp({ app: minutesApp({ idleMs: 10_000 }), startMs: 1_000_000_000 })
    await test.start()
    await test.topic('clicks').pipe('x', { key: 'home', timestamp: 50_000 })
    await test.advance(14_000)
    expect(await test.topic(out()).readAll()).toEqual([])
    await test.advance(2000)
    expect(await test.topic(out()).readAll()).toHaveLength(1)
  })

  test('waits for ever with idleMs Infinity', async () => {
    await using test = createTestApp({ app: minutesApp({ idleMs: Infinity }) })
    await test.start()
    await test.topic('clicks').pipe('x', { key: 'home', timestamp: 1000 })
    await test.advance(600_000)
    expect(await test.topic(out()).readAll()).toEqual([])
  })

  test('is not one with a message now and then', async () => {
    await using test = createTestApp({ app: minutesApp({ idleMs: 10_000 }) })
    await test.start()
    for (let i = 0; i < 20; i++) {
      await test.topic('clicks').pipe('x', { key: 'home', timestamp: 1000 })
      await test.advance(9000)
    }
    expect(await test.topic(out()).readAll()).toEqual([])
    await test.advance(70_000)
    expect(await test.topic(out()).readAll()).toMatchObject([{ value: { start: 0, value: 20 } }])
  })

  test('makes later messages late', async () => {
    const app = minutesApp()
    const late: unknown[] = []
    app.on('late', ({ bindings, lane, timestamp, time }) => late.push([bindings, lane, timestamp, time]))
    await using test = createTestApp({ app })
    await test.start()
    await test.topic('clicks').pipe('x', { key: 'home', timestamp: 1000 })
    await test.advance(120_000)
    await test.topic('clicks').pipe('x', { key: 'home', timestamp: 2000 })
    expect(late).toEqual([[['minutes'], 'clicks/0', 2000, 65_000]])
    expect(app.health().bindings[0]).toMatchObject({ name: 'minutes', late: 1 })
  })
})

test('a message that is late counts once, however often it is tried', async () => {
  Conf({ groupId: 'g' })
  const app = createApp()
  const late: unknown[] = []
  app.on('late', ({ timestamp }) => late.push(timestamp))
  let fails = 2
  const updates = window(
    Topic('clicks'),
    { sizeMs: 10, everyMs: 5, graceMs: 0, emit: 'updates' },
    (count: number = 0) => count + 1,
  )
  app.snap(updates, { onError: { retries: 3, backoffMs: 1 } })(({ value }) => {
    if (value === 2 && fails-- > 0) throw new Error('not yet')
  })
  await using test = createTestApp({ app })
  await test.start()
  for (const timestamp of [11, 9]) await test.topic('clicks').pipe('x', { key: 'home', timestamp })
  await test.advance(100)
  expect([late, fails]).toEqual([[9], -1])
})

test('timers by the clock fire at their time, once, also if their first try fails', async () => {
  Conf({ groupId: 'g' })
  const app = createApp()
  const fired: unknown[] = []
  let fails = 1
  const timed = process(Topic('pings'), {
    onMessage({ key }, state: ProcessState<string, number>) {
      state.setTimer('clock', 1500, key!)
    },
    onTimer: ({ kind, key, time }) => ({ kind, key, time }),
  })
  app.snap(timed, { sink: [out()], onError: { retries: 1, backoffMs: 10 } })((timer) => {
    if (fails-- > 0) throw new Error('once')
    fired.push(test.now)
    return [timer.key, timer]
  })
  await using test = createTestApp({ app })
  await test.start()
  await test.topic('pings').pipe('x', { key: 'a' })
  await test.advance(1499)
  expect(fired).toEqual([])
  await test.advance(3000)
  expect(fired).toEqual([1510])
  expect(await test.topic(out()).readAll()).toMatchObject([{ value: { kind: 'clock', key: 'a', time: 1500 } }])
})

test('debounce by the clock passes on the last message after the wait', async () => {
  Conf({ groupId: 'g' })
  const app = createApp()
  const edits = map(Topic('edits'), ({ key, value }) => ({ key, value }))
  app.snap(debounce(edits, { waitMs: 5000, by: 'clock' }), { sink: [out()] })(({ key, value }) => [key, value])
  await using test = createTestApp({ app })
  await test.start()
  for (const value of ['a', 'b', 'c']) {
    await test.topic('edits').pipe(value, { key: 'k' })
    await test.advance(4000)
  }
  expect(await test.topic(out()).readAll()).toEqual([])
  await test.advance(1001)
  expect((await test.topic(out()).readAll()).map(({ value }) => value)).toEqual(['c'])
})
