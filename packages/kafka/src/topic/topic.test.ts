import { BytesCodec, SnapstreamError, createApp } from '@snapstream/core'
import type { Codec } from '@snapstream/core'
import { createVirtualHost } from '@snapstream/core/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { driverWith } from '../fixtures/driver-with.ts'
import { Conf } from '../conf/conf.ts'
import type { Driver, ProduceResult } from '../driver/driver.ts'
import { memory } from '../memory/index.ts'
import { Topic } from './topic.ts'
import type { TopicRecord } from '../record/topic-record.ts'

afterEach(() => {
  Conf.reset()
  vi.restoreAllMocks()
})

/** All records of a topic, with their bytes. */
async function contentOf(driver: Driver, name: string | RegExp): Promise<TopicRecord<unknown, unknown>[]> {
  const codec = BytesCodec() as Codec<Uint8Array>
  const topic = Topic(name, { groupId: null, until: 'end', codec, keyCodec: codec, tombstones: true, conf: { driver } })
  const records: TopicRecord<unknown, unknown>[] = []
  const app = createApp()
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes))
  app.snap(topic)((record) => {
    records.push({
      ...record,
      key: text(record.key),
      value: text(record.value),
      headers: record.headers.map(([header, content]) => [header, text(content)]) as never,
    })
  })
  await app.stream({})
  return records
}

const shown = (records: readonly TopicRecord<unknown, unknown>[]) => records.map(({ key, value }) => [key, value])

/** A memory driver whose producer counts its calls and fails on demand. */
function watched(driver = memory({ defaultPartitions: 1 })) {
  const state = { producers: 0, open: 0, admins: 0, records: 0, answer: (): ProduceResult | undefined => undefined }
  const watching = driverWith(driver, {
    admin(admin) {
      state.admins++
      return { close: async () => (state.admins--, admin.close()) }
    },
    producer(producer) {
      state.producers++
      state.open++
      return {
        async send(batches) {
          const answers = batches.map(() => state.answer())
          const results = await producer.send(batches.filter((_, i) => answers[i] === undefined))
          for (const batch of batches) state.records += batch.records.length
          return answers.map((answer) => answer ?? results[0] ?? {})
        },
        close: async () => (state.open--, producer.close()),
      }
    },
  })
  return { driver: watching, state }
}

describe('a topic as a function', () => {
  test('a call writes one record and resolves when the broker has acknowledged it', async () => {
    const driver = memory()
    await using topic = Topic('demo', { create: { partitions: 2 }, conf: { driver } })
    await topic.open()
    await topic('a')
    await topic('b', { key: 'k', headers: { h: 'x', raw: new Uint8Array([65]) }, timestamp: 5, partition: 1 })
    await topic(null, { key: 'k', partition: 1 })
    const records = await contentOf(driver, 'demo')
    expect(shown(records)).toEqual(
      expect.arrayContaining([
        [null, 'a'],
        ['k', 'b'],
        ['k', null],
      ]),
    )
    expect(records.find(({ value }) => value === 'b')).toMatchObject({
      partition: 1,
      timestamp: 5,
      headers: [
        ['h', 'x'],
        ['raw', 'A'],
      ],
    })
    expect(records.find(({ value }) => value === 'a')?.timestamp).toBeGreaterThan(Date.now() - 60_000)
  })

  test('calls that are not awaited keep their order, even with a slow codec', async () => {
    const driver = memory()
    const codec: Codec<number> = {
      encode: async (value) => {
        await new Promise((resolve) => setTimeout(resolve, value % 3))
        return Buffer.from(String(value))
      },
      decode: (bytes) => Number(bytes),
    }
    const topic = Topic('demo', { create: true, codec, conf: { driver } })
    await topic.open()
    const numbers = Array.from({ length: 20 }, (_, i) => i)
    const calls = numbers.map((n) => topic(n))
    await topic.close()
    await Promise.all(calls)
    expect((await contentOf(driver, 'demo')).map(({ value }) => value)).toEqual(numbers.map(String))
  })

  test('calls keep their order if only some values are encoded asynchronously', async () => {
    const driver = memory()
    const codec: Codec<string> = {
      encode: (value) => {
        const bytes = Buffer.from(value)
        return value.startsWith('slow') ? new Promise((resolve) => setTimeout(resolve, 5, bytes)) : bytes
      },
      decode: String,
    }
    const topic = Topic('demo', { create: true, codec, conf: { driver } })
    await topic.open()
    await topic('first')
    const calls = ['slow 1', 'quick 2', 'slow 3', 'quick 4'].map((value) => topic(value))
    await Promise.all(calls)
    await topic.close()
    const values = (await contentOf(driver, 'demo')).map(({ value }) => value)
    expect(values).toEqual(['first', 'slow 1', 'quick 2', 'slow 3', 'quick 4'])
  })

  test('a value that fails to encode asynchronously rejects only its own call', async () => {
    const driver = memory()
    const codec: Codec<string> = {
      async encode(value) {
        if (value === 'bad') throw new Error('no')
        // A record that fails while it waits behind this one must not cause an unhandled rejection.
        await new Promise((resolve) => setTimeout(resolve, 5))
        return Buffer.from(value)
      },
      decode: String,
    }
    const topic = Topic('demo', { create: true, codec, conf: { driver } })
    await topic.open()
    const results = await Promise.allSettled(['a', 'bad', 'b'].map((value) => topic(value)))
    await topic.close()
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { code: 'ENCODE_FAILED', topic: 'demo' } })
    expect((await contentOf(driver, 'demo')).map(({ value }) => value)).toEqual(['a', 'b'])
  })

  test('a call rejects while the topic is not open', async () => {
    const topic = Topic('demo', { create: true, conf: { driver: memory() } })
    const told = { code: 'NOT_OPEN', message: expect.stringContaining('call await topic.open() first') }
    await expect(topic('a')).rejects.toMatchObject(told)
    await topic.open()
    await topic.close()
    await expect(topic('a')).rejects.toMatchObject(told)
  })

  test('a call rejects for an invalid record, and later calls succeed', async () => {
    const topic = Topic('demo', { create: true, conf: { driver: memory() } })
    await topic.open()
    await expect(topic(1 as never)).rejects.toMatchObject({
      code: 'ENCODE_FAILED',
      topic: 'demo',
      message: expect.stringContaining('the value of a record for "demo" could not be encoded'),
    })
    await expect(topic('a', { key: 1 as never })).rejects.toMatchObject({ code: 'ENCODE_FAILED' })
    await expect(topic('a', { partition: 7 })).rejects.toMatchObject({ code: 'SINK_REFUSED' })
    await expect(topic('a', { headers: { h: 1 as never } })).rejects.toMatchObject({ code: 'SINK_REFUSED' })
    await expect(topic('x'.repeat(2_000_000))).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE', topic: 'demo' })
    await topic('fine')
    await topic.close()
  })
})

describe('opening a topic', () => {
  test('opening a topic that does not exist rejects with an error that says what to do', async () => {
    const topic = Topic('missing', { conf: { driver: memory() } })
    const told = {
      code: 'TOPIC_MISSING',
      topic: 'missing',
      message: expect.stringContaining('Topic("missing", { create: { partitions: 1 } })'),
    }
    await expect(topic.open()).rejects.toMatchObject(told)
    const app = createApp()
    app.snap(['a'], { sink: [topic] })((value) => value)
    await expect(app.stream({})).rejects.toMatchObject(told)
    const other = createApp()
    other.snap(Topic('missing', { groupId: 'g', conf: { driver: memory() } }))(() => {})
    await expect(other.stream({})).rejects.toMatchObject(told)
  })

  test('calls of open() are counted, topics share one producer, and the last close() releases it', async () => {
    const { driver, state } = watched()
    Conf({ driver })
    const [one, two] = [Topic('one', { create: true }), Topic('two', { create: true })]
    await Promise.all([one.open(), one.open(), two.open()])
    await Promise.all([one('a'), two('b')])
    expect(state).toMatchObject({ producers: 1, open: 1, admins: 0 })
    await one.close()
    await one('still open')
    await one.close()
    await one.close()
    expect(state.open).toBe(1)
    await two.close()
    expect(state.open).toBe(0)
    await one.open()
    await one('again')
    await one.close()
    expect(state).toMatchObject({ producers: 2, open: 0 })
  })

  test('topics with different settings have different producers', async () => {
    const { driver, state } = watched()
    const one = Topic('one', { create: true, conf: { driver, acks: 1 } })
    const two = Topic('two', { create: true, conf: { driver } })
    await Promise.all([one.open(), two.open()])
    await Promise.all([one('a'), two('b')])
    expect(state.producers).toBe(2)
    await Promise.all([one.close(), two.close()])
    expect(state.open).toBe(0)
  })

  test('open() can be called again after it failed', async () => {
    const driver = memory()
    const topic = Topic('late', { conf: { driver } })
    await expect(topic.open()).rejects.toThrow('does not exist')
    await Topic('late', { create: true, conf: { driver } }).open()
    await topic.open()
    await topic('a')
    await topic.close()
  })

  test('close() during open() leaves no connection open', async () => {
    const { driver, state } = watched()
    const topic = Topic('demo', { create: true, conf: { driver } })
    const opening = topic.open()
    await topic.close()
    await opening
    await expect(topic('a')).rejects.toMatchObject({ code: 'NOT_OPEN' })
    expect(state).toMatchObject({ open: 0, admins: 0 })
  })

  test('close() during a first call that connects loses no record', async () => {
    const { driver, state } = watched()
    const topic = Topic('demo', { create: true, conf: { driver } })
    await topic.open()
    const call = topic('a')
    await topic.close()
    await call
    expect(state.open).toBe(0)
    expect(shown(await contentOf(driver, 'demo'))).toEqual([[null, 'a']])
  })

  test('settings of Conf apply when the topic opens, not when it is made', async () => {
    const topic = Topic('demo', { create: true })
    await expect(topic.open()).rejects.toThrow('no brokers are set')
    const driver = memory()
    Conf({ driver })
    await topic.open()
    await topic.close()
    expect(await (await driver.client({} as never).admin()).listTopics()).toEqual(['demo'])
  })
})

describe('a topic as a sink', () => {
  test('a sink takes values and pairs, and forwards event time', async () => {
    const driver = memory()
    const topic = Topic('out', { create: true, conf: { driver } })
    const app = createApp()
    app.snap([1, 2, 3, 4], { sink: [topic], timestamp: (n) => n * 1000 })((n) => {
      if (n === 1) return 'bare'
      if (n === 2) return ['k', 'pair', { timestamp: 7 }]
      return n === 3 ? ['k', null] : [null, 'no key', { headers: { a: 'b' } }]
    })
    await app.stream({})
    const records = await contentOf(driver, 'out')
    expect(records.map(({ key, value, timestamp }) => [key, value, timestamp])).toEqual([
      [null, 'bare', 1000],
      ['k', 'pair', 7],
      ['k', null, 3000],
      [null, 'no key', 4000],
    ])
    expect(records[3]?.headers).toEqual([['a', 'b']])
  })

  test('refused values go to onError, and the others are written', async () => {
    const driver = memory()
    const topic = Topic('out', { create: true, conf: { driver } })
    const app = createApp()
    const errors: unknown[] = []
    const onError = (error: Error) => {
      errors.push(SnapstreamError.is(error) && error.code)
      return 'skip' as const
    }
    app.snap(['a', 1, ['x', 'y', 'z'], null, 'b'] as string[], { sink: [topic], onError })((value) => value)
    await app.stream({})
    expect(errors).toEqual(['ENCODE_FAILED', 'SINK_REFUSED', 'SINK_REFUSED'])
    expect(shown(await contentOf(driver, 'out')).map(([, value]) => value)).toEqual(['a', 'b'])
  })

  test('a sink of several names or a pattern needs the topic in the meta of each record', async () => {
    for (const names of [['a', 'b'], /a/] as const) {
      const driver = memory()
      for (const name of ['a', 'b']) {
        const one = Topic(name, { create: true, conf: { driver } })
        await one.open()
        await one.close()
      }
      await using topic = Topic(names, { conf: { driver } })
      await topic.open()
      const app = createApp()
      app.snap(['x'], { sink: [topic] })((value) => value)
      await expect(app.stream({})).rejects.toMatchObject({
        code: 'SINK_REFUSED',
        message: expect.stringContaining('stands for several topics, so each record has to name the one it goes to'),
      })
      await expect(topic('x')).rejects.toMatchObject({ code: 'SINK_REFUSED' })
      app.snap(['1', '2'], { sink: [topic] })((value) => [null, value, { topic: value === '1' ? 'a' : 'b' }])
      await app.stream({})
      await topic('3', { topic: 'b' })
      expect(shown(await contentOf(driver, 'a'))).toEqual([[null, '1']])
      expect((await contentOf(driver, 'b')).map(({ value }) => value)).toEqual(['2', '3'])
    }
  })

  test('a failed delivery ends the stream without a commit', async () => {
    const { driver, state } = watched()
    const [from, to] = [
      Topic('from', { groupId: 'g', create: true, conf: { driver } }),
      Topic('to', { create: true, conf: { driver, deliveryTimeoutMs: 50 } }),
    ]
    await from.open()
    for (const value of ['a', 'b']) await from(value)
    await from.close()
    state.answer = () => ({ error: new SnapstreamError('KAFKA_FAILED', 'not leader'), retriable: true })
    const app = createApp()
    app.snap(from, { sink: [to] })(({ value }) => value)
    await expect(app.stream({}, { checkpointMs: 20 })).rejects.toMatchObject({
      code: 'KAFKA_FAILED',
      message: expect.stringContaining('could not be delivered within deliveryTimeoutMs (50): not leader'),
    })
    const admin = await driver.client({} as never).admin()
    expect(await admin.committed('g', ['from'])).toEqual([])
    expect(state.open).toBe(0)
  })

  test('a sink uses the clock of the app', async () => {
    const { driver, state } = watched()
    const host = createVirtualHost({ startMs: 5000 })
    const topic = Topic('out', { create: true, conf: { driver } })
    let failures = 20
    state.answer = () =>
      failures-- > 0 ? { error: new SnapstreamError('KAFKA_FAILED', 'not leader'), retriable: true } : undefined
    const app = createApp({ host })
    app.snap(['a'], { sink: [topic] })((value) => value)
    await host.settle(app.stream({}))
    expect(host.now()).toBeGreaterThan(15_000)
    expect((await contentOf(driver, 'out')).map(({ value, timestamp }) => [value, timestamp])).toEqual([['a', 5000]])
  })

  test('a broker that does not answer delays a graceful end no longer than its timeout', async () => {
    const { driver, state } = watched()
    const topic = Topic('out', { create: true, conf: { driver } })
    state.answer = () => ({ error: new SnapstreamError('KAFKA_FAILED', 'not leader'), retriable: true })
    const app = createApp()
    app.snap(
      (async function* () {
        yield 'a'
        await new Promise(() => {})
      })(),
      { sink: [topic] },
    )((value, { stop }) => {
      stop()
      return value
    })
    await expect(app.stream({}, { shutdownMs: 300 })).rejects.toMatchObject({
      code: 'SHUTDOWN_TIMEOUT',
      message: expect.stringContaining('records for the topic "out" were not acknowledged within shutdownMs'),
    })
    expect(state.open).toBe(0)
  })

  test('a checkpoint waits for calls that are not awaited', async () => {
    const { driver, state } = watched()
    const from = Topic('from', { groupId: 'g', create: true, conf: { driver } })
    const to = Topic('to', { create: true, conf: { driver } })
    await from.open()
    await from('a')
    await from.close()
    let failures = 3
    const admin = await driver.client({} as never).admin()
    let committedEarly: unknown
    state.answer = () => {
      void admin.committed('g', ['from']).then((committed) => (committedEarly ??= committed.length > 0 || undefined))
      return failures-- > 0 ? { error: new SnapstreamError('KAFKA_FAILED', 'not leader'), retriable: true } : undefined
    }
    const app = createApp()
    app.snap(from, { use: [to] })(({ value }, { stop }) => {
      void to(value)
      stop()
    })
    await app.stream({}, { checkpointMs: 10 })
    expect(shown(await contentOf(driver, 'to'))).toEqual([[null, 'a']])
    expect(committedEarly).toBeUndefined()
    expect(await admin.committed('g', ['from'])).toEqual([{ topic: 'from', partition: 0, offset: 1 }])
  })

  test('dry skips writes with one warning, and neither needs nor creates a topic', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const driver = memory()
    const topic = Topic('dry', { dry: true, create: true, conf: { driver } })
    const app = createApp()
    app.snap(['a', 'b'], { sink: [topic] })((value) => value)
    await app.stream({})
    await topic.open()
    await topic('c')
    await expect(topic(1 as never)).rejects.toMatchObject({ code: 'ENCODE_FAILED' })
    await expect(topic({ id: 1 } as never)).rejects.toMatchObject({
      code: 'ENCODE_FAILED',
      message: expect.stringMatching(
        /give the topic a codec, as in Topic\("\w+", \{ codec: JsonCodec\(\) \}\)$/,
      ) as string,
    })
    await topic.close()
    expect(warn.mock.calls).toEqual([['snapstream: the topic "dry" is dry: nothing is sent to it']])
    const admin = await driver.client({} as never).admin()
    expect(await admin.listTopics()).toEqual([])
  })
})

describe('a dead letter topic', () => {
  test('a dead letter has the bytes of a record that did not decode, and its error', async () => {
    const driver = memory()
    const raw = Topic('in', { create: true, codec: BytesCodec(), conf: { driver } })
    await raw.open()
    await raw(new Uint8Array([0xff, 0xfe]), { key: 'k', headers: { trace: '1' }, timestamp: 9 })
    await raw.close()
    const dead = Topic('dead', { create: true, conf: { driver } })
    const app = createApp()
    app.snap(Topic('in', { groupId: 'g', until: 'end', conf: { driver } }), {
      name: 'reader',
      onError: { deadLetter: dead },
    })(() => {})
    await app.stream({})
    const bytes: TopicRecord<Uint8Array>[] = []
    const check = createApp()
    check.snap(Topic('dead', { groupId: null, until: 'end', codec: BytesCodec(), conf: { driver } }))(
      (record) => void bytes.push(record),
    )
    await check.stream({})
    expect(bytes).toHaveLength(1)
    expect([...(bytes[0]?.value ?? [])]).toEqual([0xff, 0xfe])
    expect(bytes[0]).toMatchObject({ key: 'k', timestamp: 9 })
    expect(bytes[0]?.headers.map(([name, content]) => [name, new TextDecoder().decode(content)])).toEqual([
      ['trace', '1'],
      ['snapstream.error.code', 'DECODE_FAILED'],
      ['snapstream.error.message', expect.stringContaining('in/0 offset 0 did not decode')],
      ['snapstream.binding', 'reader'],
      ['snapstream.attempts', '1'],
      ['snapstream.topic', 'in'],
      ['snapstream.partition', '0'],
      ['snapstream.offset', '0'],
      ['snapstream.timestamp', '9'],
    ])
  })

  test('a dead letter of a message of another source is JSON', async () => {
    const driver = memory()
    const dead = Topic('dead', { create: true, conf: { driver } })
    const app = createApp()
    app.snap([{ id: 1 }, 'text'], { onError: { deadLetter: dead } })(() => {
      throw new Error('no')
    })
    await app.stream({})
    expect((await contentOf(driver, 'dead')).map(({ value }) => value)).toEqual(['{"id":1}', 'text'])
  })
})
