import { BytesCodec, createApp } from '@snapstream/core'
import type { Codec } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import { driverWith } from '../fixtures/driver-with.ts'
import type { Driver } from '../driver/driver.ts'
import { groupBy } from '../driver/topic-partition.ts'
import { memory } from '../memory/index.ts'
import type { TopicOptions } from '../options/topic-options.ts'
import { Topic } from './topic.ts'

async function written(driver: Driver, name: string, parts: readonly (readonly (string | null)[])[]) {
  await using topic = Topic(name, { conf: { driver }, create: { partitions: parts.length } })
  await topic.open()
  for (const [partition, values] of parts.entries())
    for (const value of values) await topic(value, { key: `k${value}`, partition })
}

async function sliced(values: readonly (string | null)[], options: TopicOptions = {}) {
  const driver = memory()
  await written(driver, 't', [values])
  return Topic('t', { ...options, conf: { driver } })
}

async function all<T>(records: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = []
  for await (const record of records) read.push(record)
  return read
}

const valuesOf = async (records: AsyncIterable<{ readonly value: string }>) =>
  (await all(records)).map(({ value }) => value)

const five = ['a', 'b', 'c', 'd', 'e']

describe('slice', () => {
  test('without holes in the offsets it selects like the method of an array', async () => {
    const topic = await sliced(five)
    const places = [undefined, 0, 1, 4, 5, 6, 100, -1, -2, -5, -6, -100]
    for (const start of places)
      for (const end of places)
        expect([start, end, await valuesOf(topic.slice(start, end))]).toEqual([start, end, five.slice(start, end)])
  })

  test('slice reads each partition in order, or only the partitions that it names', async () => {
    const driver = memory()
    await written(driver, 't', [five, ['x'], [], ['y', 'z']])
    const topic = Topic('t', { conf: { driver } })
    const of = async (records: AsyncIterable<{ readonly partition: number; readonly value: string }>) =>
      [...groupBy(await all(records), ({ partition }) => partition)]
        .toSorted(([a], [b]) => a - b)
        .map(([partition, records]) => `${partition}: ${records.map(({ value }) => value).join('')}`)
    expect(await of(topic.slice(-2))).toEqual(['0: de', '1: x', '3: yz'])
    expect(await of(topic.slice(1, 2))).toEqual(['0: b', '3: z'])
    expect(await of(topic.slice(0, undefined, { partitions: [3, 1, 3] }))).toEqual(['1: x', '3: yz'])
    await expect(all(topic.slice(0, 1, { partitions: [4] }))).rejects.toMatchObject({
      code: 'USAGE',
      message: 'the topic "t" has no partition 4; it has 4, numbered from 0',
    })
  })

  test('slice of several topics or a pattern reads each topic, or only the one that it names', async () => {
    const driver = memory()
    await written(driver, 'one', [five])
    await written(driver, 'two', [['x', 'y']])
    for (const names of [['one', 'two'], /^(one|two)$/]) {
      const topics = Topic(names, { groupId: null, conf: { driver } })
      expect((await valuesOf(topics.slice(-1))).toSorted()).toEqual(['e', 'y'])
      expect(await valuesOf(topics.slice(0, 2, { topic: 'two' }))).toEqual(['x', 'y'])
      expect(await topics.at(-1, { topic: 'one' })).toMatchObject({ topic: 'one', value: 'e' })
      await expect(topics.at(0)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('say which') })
      await expect(all(topics.slice(0, 1, { topic: 'three' }))).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('does not read a topic "three"; it reads one, two'),
      })
    }
  })

  test('each iteration of a slice ends at the end of the topic at its start', async () => {
    const driver = memory()
    await written(driver, 't', [['a', 'b']])
    await using topic = Topic('t', { conf: { driver } })
    await topic.open()
    const slice = topic.slice()
    const values: string[] = []
    for await (const { value } of slice) {
      values.push(value)
      await topic(`${value}${value}`)
    }
    expect(values).toEqual(['a', 'b'])
    expect(await valuesOf(slice)).toEqual(['a', 'b', 'aa', 'bb'])
  })

  test('slice decodes keys and values with the codecs of the topic', async () => {
    const driver = memory()
    await written(driver, 't', [['1', '2']])
    const number: Codec<number> = {
      encode: (n) => Buffer.from(String(n)),
      decode: (bytes) => Number(Buffer.from(bytes).toString()),
    }
    const later: Codec<string> = {
      encode: (text) => Buffer.from(text),
      decode: async (bytes) => `later ${Buffer.from(bytes).toString()}`,
    }
    const topic = Topic('t', { conf: { driver }, codec: number, keyCodec: later })
    expect(await all(topic.slice(1))).toMatchObject([{ offset: 1, key: 'later k2', value: 2, headers: [] }])
    expect(await topic.at(0)).toMatchObject({ key: 'later k1', value: 1 })
  })

  test('slice rejects with the place of a record that does not decode, and can continue after it', async () => {
    const driver = memory()
    await using bytes = Topic('t', { conf: { driver }, create: true, codec: BytesCodec() })
    await bytes.open()
    for (const value of [[97], [255], [98]]) await bytes(Uint8Array.from(value))
    const topic = Topic('t', { conf: { driver } })
    const values: string[] = []
    const reading = (async () => {
      for await (const { value } of topic.slice()) values.push(value)
    })()
    const error: unknown = await reading.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'DECODE_FAILED', topic: 't', partition: 0, offset: 1 })
    expect(values).toEqual(['a'])
    expect(await valuesOf(topic.slice(2))).toEqual(['b'])
    await expect(topic.at(1)).rejects.toMatchObject({ code: 'DECODE_FAILED', offset: 1 })
  })

  test('slice skips tombstones unless the topic has tombstones: true', async () => {
    const values = ['a', null, 'b', null, null]
    const topic = await sliced(values)
    expect(await valuesOf(topic.slice(-2))).toEqual(['a', 'b'])
    expect(await topic.at(1)).toBeUndefined()
    expect(await topic.at(-1)).toMatchObject({ value: 'b', offset: 2 })
    const driver = memory()
    await written(driver, 't', [values])
    const shown = Topic('t', { conf: { driver }, tombstones: true })
    expect((await all(shown.slice(-3))).map(({ value }) => value)).toEqual(['b', null, null])
    expect(await shown.at(1)).toMatchObject({ key: 'knull', value: null })
  })

  test('a slice is a finite source', async () => {
    const topic = await sliced(five)
    const app = createApp()
    const values: string[] = []
    const slice = topic.slice(-3)
    app.snap(slice, { sink: [(value: string) => values.push(value)], concurrency: 2 })(({ value }) => value)
    await app.stream()
    expect(values).toEqual(['c', 'd', 'e'])
  })

  test('a slice as a source passes records that do not decode to onError', async () => {
    const driver = memory()
    await using bytes = Topic('t', { conf: { driver }, create: true, codec: BytesCodec() })
    await bytes.open()
    for (const value of [[97], [255], [98]]) await bytes(Uint8Array.from(value))
    const app = createApp()
    const values: string[] = []
    const slice = Topic('t', { conf: { driver } }).slice()
    app.snap(slice, { sink: [(value: string) => values.push(value)], onError: 'skip' })(({ value }) => value)
    await app.stream()
    expect(values).toEqual(['a', 'b'])
  })

  test('slice continues after records that are deleted while it reads', async () => {
    const driver = memory({ retention: { records: 3000 } })
    await using topic = Topic('t', { conf: { driver }, create: true })
    await topic.open()
    const write = async (count: number) => {
      await Promise.all(Array.from({ length: count }, (_, i) => topic(String(i))))
    }
    await write(3000)
    const offsets: number[] = []
    for await (const { offset } of topic.slice()) {
      // Two batches of 1000 are in memory by now. The third one is deleted before it is read.
      if (offset === 0) await write(2900)
      offsets.push(offset)
    }
    expect(offsets.at(-1)).toBe(2999)
    expect(offsets.length).toBeLessThan(3000)
    let gone = 0
    for await (const { offset } of topic.slice()) {
      if (gone++ === 0) await write(9000)
      expect(offset).toBeLessThan(5900)
    }
    expect(gone).toBeGreaterThan(0)
  })

  test('leaving the loop early closes all connections of a slice', async () => {
    const driver = memory()
    await written(driver, 't', [five])
    const open: string[] = []
    const counting = driverWith(driver, {
      consumer(consumer) {
        open.push('consumer')
        return {
          async close() {
            await consumer.close()
            open.pop()
          },
        }
      },
    })
    const topic = Topic('t', { conf: { driver: counting } })
    for await (const { value } of topic.slice()) {
      expect(open).toEqual(['consumer'])
      if (value === 'b') break
    }
    expect(open).toEqual([])
    await expect(topic('x')).rejects.toMatchObject({ code: 'NOT_OPEN' })
  })

  test('slice rejects an invalid place', async () => {
    const topic = await sliced(five)
    for (const call of [
      () => topic.slice(0.5),
      () => topic.slice(0, NaN),
      () => topic.slice(-0),
      () => topic.slice(0, 1, { partitions: [-1] }),
      () => topic.slice(0, 1, { partition: 1 } as object),
      () => topic.slice(0, 1, { topic: 5 } as unknown as { topic: string }),
    ])
      expect(call).toThrow(expect.objectContaining({ code: 'USAGE' }))
    await expect(topic.at('1' as unknown as number)).rejects.toMatchObject({ code: 'USAGE' })
    await expect(all(Topic('missing', { conf: { driver: memory() } }).slice())).rejects.toMatchObject({
      code: 'TOPIC_MISSING',
    })
  })
})

describe('at', () => {
  test('without holes in the offsets it selects like the method of an array', async () => {
    const topic = await sliced(five)
    for (const offset of [0, 1, 4, 5, 100, -1, -5, -6, -100])
      expect([offset, (await topic.at(offset))?.value]).toEqual([offset, five.at(offset)])
    expect(await (await sliced([])).at(-1)).toBeUndefined()
    await expect(topic.at(0, { partition: 1 })).rejects.toMatchObject({ code: 'USAGE', partition: 1 })
  })
})
