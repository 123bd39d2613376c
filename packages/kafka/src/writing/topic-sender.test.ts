import { SnapstreamError, createApp } from '@snapstream/core'
import type { Codec, CodecContext } from '@snapstream/core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { driverWith } from '../fixtures/driver-with.ts'
import type { Driver, DriverProducer, ProduceResult } from '../driver/driver.ts'
import { memory } from '../memory/index.ts'
import { Topic } from '../topic/topic.ts'

afterEach(() => vi.restoreAllMocks())

async function create(driver: Driver, ...topics: string[]): Promise<void> {
  const admin = await adminOf(driver)
  await admin.createTopics(topics.map((topic) => ({ topic, partitions: 1 })))
}

const adminOf = (driver: Driver) =>
  driver.client({ brokers: [], clientId: 'test', connectTimeoutMs: 1, requestTimeoutMs: 1 }).admin()

async function valuesOf(driver: Driver, name: string): Promise<(string | null)[]> {
  const values: (string | null)[] = []
  const app = createApp()
  app.snap(Topic(name, { groupId: null, until: 'end', conf: { driver } }))(({ value }) => void values.push(value))
  await app.stream({})
  return values
}

/** A memory driver with another producer. */
const withProducer = (driver: Driver, producer: (producer: DriverProducer) => Partial<DriverProducer>) =>
  driverWith(driver, { producer })

describe('a record that names another topic', () => {
  test('goes to that topic in order, from a sink and from a call', async () => {
    const driver = memory()
    await create(driver, 'a', 'b', 'c')
    const topic = Topic('a', { conf: { driver } })
    const app = createApp()
    const numbers = Array.from({ length: 30 }, (_, i) => `${i}`)
    app.snap(numbers, { sink: [topic], use: [topic] })(async (value) => {
      if (Number(value) % 3 === 2) return topic(value, { topic: 'c' })
      return [null, value, { topic: Number(value) % 3 === 0 ? 'a' : 'b' }] as const
    })
    await app.stream({})
    const third = (rest: number) => numbers.filter((_, i) => i % 3 === rest)
    expect(await valuesOf(driver, 'a')).toEqual(third(0))
    expect(await valuesOf(driver, 'b')).toEqual(third(1))
    expect(await valuesOf(driver, 'c')).toEqual(third(2))
  })

  test('is encoded for that topic', async () => {
    const driver = memory()
    await create(driver, 'a', 'b')
    const contexts: (CodecContext | undefined)[] = []
    const codec: Codec<string> = {
      encode: (value, context) => (contexts.push(context), Buffer.from(value)),
      decode: String,
    }
    await using topic = Topic('a', { codec, conf: { driver } })
    await topic.open()
    await topic('x')
    await topic('x', { topic: 'b' })
    expect(contexts.map((context) => context?.topic)).toEqual(['a', 'b'])
  })

  test('looks up that topic once', async () => {
    const asked: string[] = []
    const driver = withProducer(memory(), (producer) => ({
      async partitions(topic) {
        asked.push(topic)
        return producer.partitions(topic)
      },
    }))
    await create(driver, 'a', 'b')
    await using topic = Topic('a', { conf: { driver } })
    await topic.open()
    await Promise.all(['1', '2', '3'].map((value) => topic(value, { topic: 'b' })))
    await topic('4', { topic: 'b' })
    expect(asked).toEqual(['b'])
    expect(await valuesOf(driver, 'b')).toEqual(['1', '2', '3', '4'])
  })

  test('is left to onError while that topic does not exist, and is written once it exists', async () => {
    const driver = memory()
    await create(driver, 'a')
    const topic = Topic('a', { create: true, conf: { driver } })
    const app = createApp()
    const errors: Error[] = []
    const onError = (error: Error) => (errors.push(error), 'skip' as const)
    app.snap(['1', '2', '3'], { sink: [topic], onError })(async (value) => {
      if (value === '2') await create(driver, 'later')
      return [null, value, { topic: 'later' }] as const
    })
    await app.stream({})
    expect(await valuesOf(driver, 'later')).toEqual(['2', '3'])
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ code: 'TOPIC_MISSING', topic: 'later' })
    expect(errors[0]?.message).toContain(
      'names "later" as the topic it goes to, and that does not exist; create it first',
    )
  })

  test('is refused if Kafka does not allow the name', async () => {
    const driver = memory()
    await create(driver, 'a')
    await using topic = Topic('a', { conf: { driver } })
    await topic.open()
    for (const name of ['', '.', 'a b', 'x'.repeat(250)])
      await expect(topic('x', { topic: name })).rejects.toMatchObject({ code: 'SINK_REFUSED', topic: 'a' })
    await expect(topic('x', { topic: 7 as never })).rejects.toThrow(
      'takes the name of the topic a record goes to as text',
    )
  })

  test('stops the stream if no broker answers when that topic is looked up', async () => {
    const unreachable = new SnapstreamError('BROKER_UNREACHABLE', 'nobody there')
    const driver = withProducer(memory(), (producer) => ({
      partitions: async (topic) => (topic === 'b' ? Promise.reject(unreachable) : producer.partitions(topic)),
    }))
    await create(driver, 'a', 'b')
    const app = createApp()
    app.snap(['x'], { sink: [Topic('a', { conf: { driver } })], onError: 'skip' })((value) => [
      null,
      value,
      { topic: 'b' },
    ])
    await expect(app.stream({})).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
  })

  test('is not sent if the topic is dry', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const driver = memory()
    await create(driver, 'a', 'b')
    await using topic = Topic('a', { dry: true, conf: { driver } })
    await topic.open()
    await topic('x', { topic: 'b' })
    expect(await valuesOf(driver, 'b')).toEqual([])
  })
})

describe('a record that is too large', () => {
  test('is left to onError before it is sent, with an error that names the topic', async () => {
    const driver = memory()
    await create(driver, 'a')
    const topic = Topic('a', { conf: { driver, maxRequestBytes: 1000 } })
    const app = createApp()
    const errors: Error[] = []
    const onError = (error: Error) => (errors.push(error), 'skip' as const)
    app.snap(['a', 'x'.repeat(2000), 'b'], { sink: [topic], onError })((value) => value)
    await app.stream({})
    expect(errors).toMatchObject([{ code: 'RECORD_TOO_LARGE', topic: 'a' }])
    expect(await valuesOf(driver, 'a')).toEqual(['a', 'b'])
  })

  test('fails alone if only the broker finds it too large, although it was sent with others', async () => {
    const driver = memory()
    await (await adminOf(driver)).createTopics([{ topic: 'a', config: { 'max.message.bytes': '1000' } }])
    await using topic = Topic('a', { conf: { driver } })
    await topic.open()
    await topic('first')
    const settled = await Promise.allSettled(
      ['a', 'b', 'x'.repeat(2000), 'c'].map((value) => topic(value, { key: 'k' })),
    )
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(settled[2]).toMatchObject({ reason: { code: 'RECORD_TOO_LARGE', topic: 'a', partition: 0, key: 'k' } })
    expect(await valuesOf(driver, 'a')).toEqual(['first', 'a', 'b', 'c'])
  })
})

describe('flush', () => {
  test('waits for every record sent so far, to any topic', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const driver = withProducer(memory(), (producer) => ({
      async send(batches) {
        if (batches.some(({ topic }) => topic === 'b')) await gate
        return producer.send(batches)
      },
    }))
    await create(driver, 'a', 'b')
    await using topic = Topic('a', { conf: { driver } })
    await expect(topic.flush()).rejects.toMatchObject({ code: 'NOT_OPEN' })
    await topic.open()
    await topic.flush()
    await topic('x')
    let acknowledged = false
    void topic('x', { topic: 'b' }).then(() => (acknowledged = true))
    let flushed = false
    const flushing = topic.flush().then(() => (flushed = true))
    await topic('x')
    expect([acknowledged, flushed]).toEqual([false, false])
    release()
    await flushing
    expect(acknowledged).toBe(true)
  })

  test('waits for records that were written after the topic could not be looked up', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    let lookUps = 0
    const driver = withProducer(memory(), (producer) => ({
      async partitions(topic) {
        if (lookUps++ === 0) throw new SnapstreamError('BROKER_UNREACHABLE', 'not yet')
        return producer.partitions(topic)
      },
      async send(batches) {
        await gate
        return producer.send(batches)
      },
    }))
    await create(driver, 'a')
    await using topic = Topic('a', { conf: { driver } })
    await topic.open()
    await expect(topic('x')).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
    const events: string[] = []
    void topic('y').then(() => events.push('acknowledged'))
    const flushing = topic.flush().then(() => events.push('flushed'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(events).toEqual([])
    release()
    await flushing
    expect(events).toEqual(['acknowledged', 'flushed'])
  })

  test('rejects with failures of a sink, and not with those of calls', async () => {
    let answer: ProduceResult = {}
    const driver = withProducer(memory(), () => ({ send: async (batches) => batches.map(() => answer) }))
    await create(driver, 'a')
    const topic = Topic('a', { conf: { driver } })
    const app = createApp()
    const seen: unknown[] = []
    async function* values() {
      yield 'x'
      await topic.flush()
      answer = { error: new SnapstreamError('FENCED', 'fenced'), retriable: false }
      seen.push(await topic('y').catch((error: SnapstreamError) => error.code))
      await topic.flush()
      yield 'z'
      seen.push(await topic.flush().catch((error: SnapstreamError) => error.code))
    }
    app.snap(values(), { sink: [topic] })((value) => value)
    await expect(app.stream({})).rejects.toMatchObject({ code: 'FENCED' })
    expect(seen).toEqual(['FENCED', 'FENCED'])
  })
})

test('calls that are not awaited reject with BUFFER_FULL beyond twice bufferBytes, until there is room again', async () => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => (release = resolve))
  const driver = withProducer(memory(), (producer) => ({
    async partitions(topic) {
      await gate
      return producer.partitions(topic)
    },
  }))
  await create(driver, 'a')
  await using topic = Topic('a', { conf: { driver, bufferBytes: 10_000 } })
  await topic.open()
  const calls = Array.from({ length: 100 }, () => topic('x'.repeat(500)))
  const settling = Promise.allSettled(calls)
  await expect(topic('one more')).rejects.toMatchObject({
    code: 'BUFFER_FULL',
    message: expect.stringContaining('more than 20000 bytes wait (twice bufferBytes); await calls'),
  })
  release()
  const settled = await settling
  const taken = settled.filter(({ status }) => status === 'fulfilled').length
  expect(taken).toBeGreaterThan(20)
  expect(taken).toBeLessThan(40)
  await topic('again')
  expect(await valuesOf(driver, 'a')).toHaveLength(taken + 1)
})
