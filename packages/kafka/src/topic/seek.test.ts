import { createApp } from '@snapstream/core'
import { describe, expect, test, vi } from 'vitest'
import { driverWith } from '../fixtures/driver-with.ts'
import { withHarness } from '../conformance/harness.ts'
import type { Harness } from '../conformance/harness.ts'
import type { Driver } from '../driver/driver.ts'
import { memory } from '../memory/index.ts'
import type { TopicOptions } from '../options/topic-options.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import { Topic } from './topic.ts'

type Handler = (record: TopicRecord<string>) => unknown

/** A topic `t` that is read in a stream, with the records that its handler got. */
async function reading(options: TopicOptions & { readonly partitions?: number; readonly count?: number } = {}) {
  const { partitions = 1, count = 5, ...more } = options
  const driver = memory()
  const conf = { driver }
  const topic = Topic('t', { groupId: 'g', create: { partitions }, conf, ...more })
  await topic.open()
  const write = async (from: number, to: number) => {
    for (let i = from; i < to; i++)
      for (let partition = 0; partition < partitions; partition++) await topic(`${i}`, { partition })
  }
  await write(0, count)
  const seen: string[] = []
  const hooks: { handle: Handler } = { handle: () => {} }
  const app = createApp()
  app.snap(topic)(async (record) => {
    seen.push(partitions === 1 ? record.value : `${record.partition}/${record.value}`)
    await hooks.handle(record)
  })
  const stopping = new AbortController()
  const running = app.stream({}, { signal: stopping.signal, checkpointMs: 20 })
  running.catch(() => {})
  const until = (condition: () => unknown) => vi.waitFor(() => expect(condition()).toBeTruthy(), { timeout: 5000 })
  const stop = async () => {
    stopping.abort()
    await running
    await topic.close()
  }
  const committed = async () => (await topic.committed()).map(({ offset }) => offset)
  return { driver, topic, seen, hooks, write, until, stop, running, committed }
}

describe('seek', () => {
  test('seek moves backwards and forwards, and commits follow', async () => {
    const { topic, seen, write, until, stop, committed } = await reading()
    await until(() => seen.length === 5)
    await topic.seek(3)
    await until(() => seen.length === 7)
    expect(seen).toEqual(['0', '1', '2', '3', '4', '3', '4'])
    await topic.seek('earliest')
    await until(() => seen.length === 12)
    await topic.seek(-1)
    await until(() => seen.length === 13)
    expect(seen.slice(7)).toEqual(['0', '1', '2', '3', '4', '4'])
    await topic.seek('latest')
    await write(5, 6)
    await until(() => seen.length === 14)
    expect(seen.at(-1)).toBe('5')
    await vi.waitFor(async () => expect(await committed()).toEqual([6]))
    await stop()
  })

  test('the last of several concurrent seeks wins, however long their look-ups take', async () => {
    let looks = 0
    const driver = driverWith(memory(), {
      admin: (admin) => ({
        async offsets(...args) {
          // The first look-up takes longest.
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, 60 - 20 * looks++)))
          return admin.offsets(...args)
        },
      }),
    })
    const { topic, seen, until, stop, committed } = await reading({ count: 10, conf: { driver } })
    await until(() => seen.length === 10)
    looks = 0
    await Promise.all([topic.seek(2), topic.seek(8)])
    // Reading may have begun at the position of the first call, and left it again.
    await until(() => /^(?:8|2.*98)9$/.test(seen.slice(10).join('')))
    const count = seen.length
    await expect(Promise.all([topic.seek(99), topic.seek(9)])).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    await until(() => seen.length === count + 1)
    expect(seen.at(-1)).toBe('9')
    await vi.waitFor(async () => expect(await committed()).toEqual([10]))
    await stop()
  })

  test('seek commits its position at once, even backwards and without another message', async () => {
    const { topic, seen, until, stop, committed, hooks } = await reading()
    await until(() => seen.length === 5)
    await vi.waitFor(async () => expect(await committed()).toEqual([5]))
    let finish = () => {}
    hooks.handle = () => new Promise<void>((resolve) => (finish = resolve))
    await topic.seek(2)
    await until(() => seen.length === 6)
    expect(await committed()).toEqual([2])
    finish()
    hooks.handle = () => {}
    await stop()
  })

  test('a handler can await a seek: messages in flight finish, and other messages already read are dropped', async () => {
    const { topic, seen, until, stop, committed, hooks } = await reading({ count: 100 })
    hooks.handle = async ({ offset }) => {
      if (offset === 10) await topic.seek(90)
    }
    await until(() => seen.at(-1) === '99')
    expect(seen).toEqual([
      ...Array.from({ length: 11 }, (_, i) => `${i}`),
      ...Array.from({ length: 10 }, (_, i) => `${90 + i}`),
    ])
    await vi.waitFor(async () => expect(await committed()).toEqual([100]))
    await stop()
  })

  test('seek waits for messages in flight, and the last of several wins', async () => {
    const { topic, seen, until, stop, hooks } = await reading({ count: 20 })
    let finish = () => {}
    hooks.handle = ({ offset }) => (offset === 3 ? new Promise<void>((resolve) => (finish = resolve)) : undefined)
    await until(() => seen.length === 4)
    for (const offset of [0, 5, 18]) await topic.seek(offset)
    expect(seen).toEqual(['0', '1', '2', '3'])
    finish()
    await until(() => seen.at(-1) === '19')
    expect(seen).toEqual(['0', '1', '2', '3', '18', '19'])
    await stop()
  })

  test('a seek of one partition does not move the others', async () => {
    const { topic, seen, until, stop } = await reading({ partitions: 2, count: 3 })
    await until(() => seen.length === 6)
    await topic.seek(2, { partition: 1 })
    await until(() => seen.length === 7)
    expect(seen.at(-1)).toBe('1/2')
    await topic.seek(2)
    await until(() => seen.length === 9)
    expect(seen.slice(7).toSorted()).toEqual(['0/2', '1/2'])
    await stop()
  })

  test('seek moves to a time', async () => {
    const { topic, seen, until, stop } = await reading({ count: 0 })
    for (const timestamp of [1000, 2000, 3000]) await topic(`${timestamp}`, { timestamp })
    await until(() => seen.length === 3)
    await topic.seek({ timestamp: 1500 })
    await until(() => seen.length === 5)
    await topic.seek({ timestamp: new Date(3000) })
    await until(() => seen.length === 6)
    expect(seen.slice(3)).toEqual(['2000', '3000', '3000'])
    await stop()
  })

  test('seek waits for all messages in flight with concurrency', async () => {
    const driver = memory()
    const topic = Topic('t', { groupId: 'g', create: true, conf: { driver } })
    await topic.open()
    for (let i = 0; i < 50; i++) await topic(`${i}`, { key: `${i % 7}` })
    const seen: string[] = []
    const app = createApp()
    let sought = false
    const stopping = new AbortController()
    app.snap(topic, { concurrency: 4 })(async ({ value }) => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      seen.push(value)
      if (value !== '20' || sought) return
      sought = true
      await topic.seek(49)
    })
    const running = app.stream({}, { signal: stopping.signal, checkpointMs: 5 })
    await vi.waitFor(() => expect(seen.at(-1)).toBe('49'))
    expect(seen.length).toBeLessThan(30)
    stopping.abort()
    await running
    expect(await topic.committed()).toMatchObject([{ offset: 50 }])
    await topic.close()
  })

  test('a source with an end still ends there after a seek', async () => {
    const { topic, seen, running, hooks } = await reading({ until: 'end' })
    let once = true
    hooks.handle = async ({ offset }) => {
      if (offset !== 4 || !once) return
      once = false
      await topic.seek(3)
    }
    await running
    expect(seen).toEqual(['0', '1', '2', '3', '4', '3', '4'])
    await topic.close()
  })

  test('an invalid seek rejects', async () => {
    const { topic, seen, until, stop, running } = await reading()
    await until(() => seen.length === 5)
    await expect(topic.seek(99)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', offset: 99 })
    await expect(topic.seek(0, { partition: 3 })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'partition 3 of the topic "t" is not read by this member; it reads t/0',
    })
    for (const to of [1.5, NaN, -0, 'end', {}, null, { timestamp: -1 }])
      await expect(topic.seek(to as number)).rejects.toMatchObject({ code: 'USAGE' })
    await expect(topic.seek(0, { partitions: [0] } as object)).rejects.toMatchObject({ code: 'USAGE' })
    expect(seen).toHaveLength(5)
    await stop()
    await running
    await expect(topic.seek(0)).rejects.toMatchObject({ code: 'NOT_OPEN', message: expect.stringContaining('"t"') })
  })

  test('a seek during a rebalance is kept: the next owner of the partition continues there', async () => {
    const { topic, driver, seen, until, hooks, stop } = await reading({ count: 20 })
    let finish = () => {}
    hooks.handle = ({ offset }) => (offset === 3 ? new Promise<void>((resolve) => (finish = resolve)) : undefined)
    await until(() => seen.length === 4)
    await topic.seek(15)
    await withOthers(driver, async ({ reader }) => {
      const other = await reader(['t'], { groupId: 'g' })
      // The rebalance is waiting for the message in flight, and so is the seek.
      await new Promise((resolve) => setTimeout(resolve, 50))
      finish()
      await until(() => seen.length + other.records.length === 4 + 5)
      const others = other.records.map(({ value }) => value)
      expect([...seen.slice(4), ...others]).toEqual(['15', '16', '17', '18', '19'])
    })
    await stop()
  })
})

async function withOthers(driver: Driver, run: (harness: Harness) => Promise<void>): Promise<void> {
  await withHarness({ driver, brokers: [] }, run)
}

describe('pause', () => {
  test('pause holds back all messages, even those already read, and resume continues after the last handled one', async () => {
    const { topic, seen, until, stop, hooks, committed } = await reading({ count: 3000 })
    hooks.handle = ({ offset }) => {
      if (offset === 1234) topic.pause()
    }
    await until(() => topic.paused)
    await vi.waitFor(async () => expect(await committed()).toEqual([1235]))
    expect(seen).toHaveLength(1235)
    topic.resume()
    expect(topic.paused).toBe(false)
    await until(() => seen.length === 3000)
    expect(seen).toEqual(Array.from({ length: 3000 }, (_, i) => `${i}`))
    await stop()
  })

  test('repeated pauses lose and repeat no message', async () => {
    const { topic, seen, until, stop, hooks } = await reading({ partitions: 3, count: 300 })
    hooks.handle = async ({ offset, partition }) => {
      if (offset % 50 === partition) {
        topic.pause()
        if (offset % 100 === partition) await new Promise((resolve) => setTimeout(resolve, 1))
        topic.resume()
        if (offset % 3 === 0) topic.pause()
        topic.resume()
      }
    }
    await until(() => seen.length >= 900)
    for (const partition of [0, 1, 2])
      expect(seen.filter((value) => value.startsWith(`${partition}/`))).toEqual(
        Array.from({ length: 300 }, (_, i) => `${partition}/${i}`),
      )
    await stop()
  })

  test('a topic that is paused before the stream stays paused over a rebalance, keeps its membership and bounds its memory', async () => {
    const driver = memory()
    const topic = Topic('t', { groupId: 'g', create: { partitions: 2 }, conf: { driver } })
    await topic.open()
    topic.pause()
    await Promise.all(Array.from({ length: 8000 }, (_, i) => topic(`${i}`, { partition: i % 2 })))
    const seen: string[] = []
    const app = createApp()
    app.snap(topic)(({ value }) => void seen.push(value))
    const stopping = new AbortController()
    const running = app.stream({}, { signal: stopping.signal, checkpointMs: 10 })
    await withOthers(driver, async ({ reader, until }) => {
      const other = await reader(['t'], { groupId: 'g' })
      await until('a share', () => other.owned.size === 1)
      await other.close()
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(seen).toEqual([])
    topic.resume()
    await vi.waitFor(() => expect(seen.length).toBe(8000))
    expect(new Set(seen).size).toBe(8000)
    stopping.abort()
    await running
    await topic.close()
  })

  test('pause does not affect other topics of the group or the end of a stream', async () => {
    const driver = memory()
    const [one, other] = ['one', 'other'].map((name) => Topic(name, { groupId: 'g', create: true, conf: { driver } }))
    if (!one || !other) throw new Error('two topics')
    await one.open()
    await other.open()
    for (const topic of [one, other]) await topic('first')
    one.pause()
    const seen: string[] = []
    const app = createApp()
    app.snap(one, other)(({ topic, value }) => void seen.push(`${topic} ${value}`))
    const stopping = new AbortController()
    const running = app.stream({}, { signal: stopping.signal })
    await vi.waitFor(() => expect(seen).toEqual(['other first']))
    await other('second')
    await vi.waitFor(() => expect(seen).toEqual(['other first', 'other second']))
    stopping.abort()
    await running
    expect(await one.committed()).toEqual([])
    expect(await other.committed()).toMatchObject([{ offset: 2 }])
    await one.close()
    await other.close()
  })

  test("a paused source with until: 'end' does not end, even after its last record was read", async () => {
    const { topic, seen, running, hooks, committed } = await reading({ until: 'end', count: 50 })
    let ended = false
    void running.then(() => (ended = true))
    hooks.handle = ({ offset }) => {
      if (offset === 40) topic.pause()
    }
    await vi.waitFor(async () => expect(await committed()).toEqual([41]))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(ended).toBe(false)
    topic.resume()
    await running
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`))
    await topic.close()
  })

  test('a paused topic can be sought', async () => {
    const { topic, seen, until, stop, committed } = await reading()
    await until(() => seen.length === 5)
    topic.pause()
    await topic.seek(1)
    await topic.seek(3)
    await vi.waitFor(async () => expect(await committed()).toEqual([3]))
    expect(seen).toHaveLength(5)
    topic.resume()
    await until(() => seen.length === 7)
    expect(seen.slice(5)).toEqual(['3', '4'])
    await stop()
  })
})
