import { BytesCodec, createApp } from '@snapstream/core'
import { describe, expect, test, vi } from 'vitest'
import { driverWith } from '../fixtures/driver-with.ts'
import type { Driver } from '../driver/driver.ts'
import { memory } from '../memory/index.ts'
import type { TopicOptions } from '../options/topic-options.ts'
import { Topic } from './topic.ts'

async function topicOf(values: readonly string[], options: TopicOptions = {}, driver: Driver = memory()) {
  const topic = Topic('t', { groupId: 'g', create: true, conf: { driver }, ...options })
  await topic.open()
  for (const value of values) await topic(value)
  await topic.close()
  return topic
}

const five = ['a', 'b', 'c', 'd', 'e']
const committedOf = async (topic: Topic<string>) => (await topic.committed()).map(({ offset }) => offset)

describe('for await over a topic', () => {
  test("the loop reads to the end with until: 'end' and commits all records", async () => {
    const topic = await topicOf(five, { until: 'end' })
    const seen: string[] = []
    for await (const { value, offset } of topic) seen.push(`${offset}${value}`)
    expect(seen).toEqual(['0a', '1b', '2c', '3d', '4e'])
    expect(await committedOf(topic)).toEqual([5])
    for await (const { value } of topic) seen.push(value)
    expect(seen).toHaveLength(5)
  })

  test('break commits the records before the current one, which is read again later', async () => {
    const topic = await topicOf(five)
    for await (const { value } of topic) if (value === 'c') break
    expect(await committedOf(topic)).toEqual([2])
    const seen: string[] = []
    const error = new Error('in the loop')
    const looping = (async () => {
      for await (const { value } of topic) {
        seen.push(value)
        if (value === 'e') throw error
      }
    })()
    await expect(looping).rejects.toBe(error)
    expect(seen).toEqual(['c', 'd', 'e'])
    expect(await committedOf(topic)).toEqual([4])
  })

  test('the loop waits for new records and commits every second', async () => {
    const topic = await topicOf(['a'])
    await topic.open()
    const iterator = topic[Symbol.asyncIterator]()
    expect(await iterator.next()).toMatchObject({ value: { value: 'a' } })
    const next = iterator.next()
    await vi.waitFor(async () => expect(await committedOf(topic)).toEqual([1]), { timeout: 4000 })
    await topic('b')
    expect(await next).toMatchObject({ done: false, value: { value: 'b' } })
    // A record was requested and had not come when the loop was left.
    const last = iterator.next()
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
    expect(await last).toEqual({ done: true, value: undefined })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    expect(await committedOf(topic)).toEqual([2])
    await topic.close()
  })

  test('next() can be called concurrently, and return() before the first next()', async () => {
    const topic = await topicOf(five, { until: 'end' })
    const unused = topic[Symbol.asyncIterator]()
    expect(await unused.return?.()).toEqual({ done: true, value: undefined })
    expect(await unused.next()).toEqual({ done: true, value: undefined })
    const iterator = topic[Symbol.asyncIterator]()
    const results = await Promise.all([iterator.next(), iterator.next(), iterator.next()])
    expect(results).toMatchObject(['a', 'b', 'c'].map((value) => ({ value: { value } })))
    await iterator.return?.()
    expect(await committedOf(topic)).toEqual([2])
  })

  test('the loop reads several partitions, each in order', async () => {
    const driver = memory()
    const topic = Topic('t', { groupId: 'g', create: { partitions: 3 }, until: 'end', conf: { driver } })
    await topic.open()
    for (let i = 0; i < 30; i++) await topic(`${Math.floor(i / 3)}`, { partition: i % 3 })
    const seen: string[][] = [[], [], []]
    for await (const { partition, value } of topic) seen[partition]?.push(value)
    expect(seen).toEqual([0, 1, 2].map(() => Array.from({ length: 10 }, (_, i) => `${i}`)))
    expect(await committedOf(topic)).toEqual([10, 10, 10])
    await topic.close()
  })

  test('the loop commits nothing with groupId: null, and rejects without a groupId', async () => {
    const driver = memory()
    const topic = await topicOf(five, { until: 'end', groupId: null }, driver)
    for (const _ of [1, 2]) {
      const seen: string[] = []
      for await (const { value } of topic) seen.push(value)
      expect(seen).toEqual(five)
    }
    const nobody = Topic('t', { conf: { driver } })
    await expect(nobody[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('the loop rejects with a record that does not decode after committing the records before it', async () => {
    const driver = memory()
    await using bytes = Topic('t', { conf: { driver }, create: true, codec: BytesCodec() })
    await bytes.open()
    for (const value of [[97], [255], [98]]) await bytes(Uint8Array.from(value))
    const topic = Topic('t', { groupId: 'g', conf: { driver } })
    const seen: string[] = []
    const looping = (async () => {
      for await (const { value } of topic) seen.push(value)
    })()
    await expect(looping).rejects.toMatchObject({ code: 'DECODE_FAILED', offset: 1 })
    expect(seen).toEqual(['a'])
    expect(await committedOf(topic)).toEqual([1])
  })

  test('leaving the loop rejects if its end fails', async () => {
    const driver = memory()
    const topic = await topicOf(five, {}, driver)
    const commit = () => Promise.reject(new Error('no commit'))
    const failing = driverWith(driver, { consumer: () => ({ commit }) })
    const reading = Topic('t', { groupId: 'g', conf: { driver: failing } })
    const looping = (async () => {
      for await (const { value } of reading) if (value === 'b') break
    })()
    await expect(looping).rejects.toThrow('no commit')
    expect(await committedOf(topic)).toEqual([])
  })

  test('seek moves the loop, and pause holds it', async () => {
    const topic = await topicOf(five, { until: 'end' })
    const seen: string[] = []
    for await (const { value } of topic) {
      seen.push(value)
      if (seen.length === 2) await topic.seek(3)
      if (seen.length !== 3) continue
      topic.pause()
      setTimeout(() => topic.resume(), 30)
    }
    expect(seen).toEqual(['a', 'b', 'd', 'e'])
    expect(await committedOf(topic)).toEqual([5])
  })

  test('the loop does not change how snap reads the topic', async () => {
    const topic = await topicOf(five, { until: 'end' })
    const app = createApp()
    const seen: string[] = []
    app.snap(topic)(({ value }) => void seen.push(value))
    await app.stream()
    expect(seen).toEqual(five)
    expect(await committedOf(topic)).toEqual([5])
  })
})
