import { BytesCodec, createApp } from '@snapstream/core'
import type { Codec } from '@snapstream/core'
import { afterEach, describe, expect, test } from 'vitest'
import { driverWith } from '../fixtures/driver-with.ts'
import { Conf } from '../conf/conf.ts'
import type { Driver, DriverAdmin } from '../driver/driver.ts'
import { memory } from '../memory/index.ts'
import { Topic } from '../topic/topic.ts'

afterEach(() => Conf.reset())

const adminOf = (driver: Driver): Promise<DriverAdmin> => driver.client({} as never).admin()

async function fill(driver: Driver, name: string, values: readonly (string | null)[], partitions = 1) {
  await using topic = Topic(name, { create: { partitions }, conf: { driver } })
  await topic.open()
  for (const [i, value] of values.entries()) await topic(value, { key: `k${i}`, partition: i % partitions })
}

/** Counts consumers and what they subscribe to. */
function counted(driver = memory()) {
  const subscriptions: (readonly (string | RegExp)[])[] = []
  let open = 0
  const counting = driverWith(driver, {
    consumer(consumer, options) {
      subscriptions.push(options.topics)
      open++
      return { close: async () => (open--, consumer.close()) }
    },
  })
  return { driver: counting, subscriptions, open: () => open }
}

async function until(condition: () => unknown) {
  const deadline = Date.now() + 5000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not come to that')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

describe('a group', () => {
  test('is required, unless groupId is null', async () => {
    const driver = memory()
    await fill(driver, 'demo', ['a'])
    Conf({ driver })
    const app = createApp()
    app.snap(Topic('demo'))(() => {})
    await expect(app.stream({})).rejects.toMatchObject({
      code: 'USAGE',
      topic: 'demo',
      message: expect.stringContaining('the topic "demo" is a source and has no groupId'),
    })
    for (const groupId of [null, undefined]) {
      if (groupId === undefined) Conf({ 'group.id': 'from-conf' })
      const seen: string[] = []
      const app = createApp()
      app.snap(Topic('demo', { until: 'end', groupId }))(({ value }) => void seen.push(value))
      await app.stream({})
      expect(seen).toEqual(['a'])
    }
    expect(await (await adminOf(driver)).committed('from-conf', ['demo'])).toEqual([
      { topic: 'demo', partition: 0, offset: 1 },
    ])
  })

  test('has one consumer for all its topics', async () => {
    const { driver, subscriptions, open } = counted()
    await fill(driver, 'one', ['a', 'b'])
    await fill(driver, 'two', ['c'])
    await fill(driver, 'three', ['d'])
    Conf({ driver, groupId: 'g' })
    const seen: string[] = []
    const app = createApp()
    for (const name of ['one', 'two']) app.snap(Topic(name, { until: 'end' }))(({ value }) => void seen.push(value))
    app.snap(Topic('three', { until: 'end', groupId: 'other' }))(({ value }) => void seen.push(value))
    await app.stream({})
    expect(seen.sort()).toEqual(['a', 'b', 'c', 'd'])
    expect(subscriptions).toEqual([['one', 'two'], ['three']])
    expect(open()).toBe(0)
  })

  test('two topics with the same name are refused; one topic that is bound twice is read once', async () => {
    const driver = memory()
    await fill(driver, 'demo', ['a'])
    Conf({ driver, groupId: 'g' })
    for (const other of ['demo', /^de/, ['x', 'demo']] as const) {
      await fill(driver, 'x', [])
      const app = createApp()
      app.snap(Topic('demo'))(() => {})
      app.snap(Topic(other))(() => {})
      await expect(app.stream({})).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('bind the same Topic object twice instead'),
      })
    }
    const patterns = createApp()
    patterns.snap(Topic(/^d/))(() => {})
    patterns.snap(Topic(/o$/))(() => {})
    await expect(patterns.stream({})).rejects.toMatchObject({ code: 'USAGE' })
    const topic = Topic('demo', { until: 'end' })
    const seen: string[] = []
    const app = createApp()
    app.snap(topic)(({ value }) => void seen.push(`1${value}`))
    app.snap(topic)(({ value }) => void seen.push(`2${value}`))
    await app.stream({})
    expect(seen.sort()).toEqual(['1a', '2a'])
  })

  test('two topics with the same name are refused even if their settings differ', async () => {
    const driver = memory()
    await fill(driver, 'demo', ['a'])
    const app = createApp()
    app.snap(Topic('demo', { groupId: 'g', conf: { driver } }))(() => {})
    app.snap(Topic('demo', { groupId: 'g', conf: { driver, fetchMaxBytes: 1000 } }))(() => {})
    await expect(app.stream({})).rejects.toMatchObject({ code: 'USAGE', topic: 'demo' })
  })

  test('without a group each topic is read by itself, and nothing is committed', async () => {
    const driver = memory()
    await fill(driver, 'demo', ['a'])
    Conf({ driver })
    const seen: string[] = []
    for (let run = 0; run < 2; run++) {
      const app = createApp()
      app.snap(Topic('demo', { groupId: null, until: 'end' }))(({ value }) => void seen.push(value))
      app.snap(Topic('demo', { groupId: null, until: 'end' }))(({ value }) => void seen.push(value))
      await app.stream({})
    }
    expect(seen).toEqual(['a', 'a', 'a', 'a'])
  })

  test('continues at its committed offsets, and hands partitions over', async () => {
    const driver = memory()
    await fill(
      driver,
      'demo',
      Array.from({ length: 40 }, (_, i) => `${i}`),
      4,
    )
    Conf({ driver, groupId: 'g' })
    const seen: string[] = []
    const owners: Set<number>[] = [new Set(), new Set()]
    const stops: (() => void)[] = []
    const runs = [0, 1].map((n) => {
      const app = createApp()
      app.snap(Topic('demo'))(async ({ value, partition }, { stop }) => {
        stops[n] = stop
        await new Promise((resolve) => setTimeout(resolve, 1))
        seen.push(value)
        owners[n]?.add(partition)
      })
      const controller = new AbortController()
      return { done: app.stream({}, { signal: controller.signal, checkpointMs: 5 }), controller }
    })
    await until(() => seen.length >= 40)
    await fill(
      driver,
      'demo',
      Array.from({ length: 40 }, (_, i) => `${40 + i}`),
      4,
    )
    await until(() => seen.length >= 80)
    for (const { controller } of runs) controller.abort()
    await Promise.all(runs.map(({ done }) => done))
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, i) => i))
    expect([...(owners[1] ?? [])].length).toBeGreaterThan(0)
    const committed = await (await adminOf(driver)).committed('g', ['demo'])
    expect(committed.map(({ offset }) => offset)).toEqual([20, 20, 20, 20])
  })
})

describe('the start of reading', () => {
  async function read(driver: Driver, options: object) {
    const seen: string[] = []
    const app = createApp()
    app.snap(Topic('demo', { until: 'end', conf: { driver }, ...options }))(({ value }) => void seen.push(value))
    await app.stream({})
    return seen
  }

  test('is a given offset, once', async () => {
    const driver = memory()
    await fill(driver, 'demo', ['a', 'b', 'c', 'd'])
    expect(await read(driver, { groupId: 'g', offset: -2 })).toEqual(['c', 'd'])
    await fill(driver, 'demo', ['e', 'f', 'g'])
    expect(await read(driver, { groupId: 'g', offset: -2 })).toEqual(['e', 'f', 'g'])
    expect(await read(driver, { groupId: 'h', offset: 1 })).toEqual(['b', 'c', 'd', 'e', 'f', 'g'])
    expect(await read(driver, { groupId: null, offset: -1 })).toEqual(['g'])
  })

  test('is the given offset in each named partition, and comes from autoOffsetReset in the others', async () => {
    const driver = memory()
    const topic = Topic('demo', { conf: { driver }, create: { partitions: 3 } })
    await topic.open()
    for (const value of ['a', 'b', 'c'])
      for (const partition of [0, 1, 2]) await topic(`${partition}${value}`, { partition })
    await topic.close()
    const offset: Record<number, number> = { 0: 2, 1: -2 }
    const from = { groupId: 'g', offset }
    const reading = Topic('demo', { ...from, until: 'end', conf: { driver } })
    // What is changed afterwards does not count.
    offset[0] = 0
    const seen: string[] = []
    const app = createApp()
    app.snap(reading)(({ value }) => void seen.push(value))
    await app.stream({})
    expect(seen.toSorted()).toEqual(['0c', '1b', '1c', '2a', '2b', '2c'])
  })

  test('is the first record of a time, once', async () => {
    const driver = memory()
    const topic = Topic('demo', { conf: { driver }, create: true })
    await topic.open()
    for (const timestamp of [1000, 2000, 3000]) await topic(`${timestamp}`, { timestamp })
    await topic.close()
    expect(await read(driver, { groupId: 'g', timestamp: 1500 })).toEqual(['2000', '3000'])
    expect(await read(driver, { groupId: 'g', timestamp: 0 })).toEqual([])
    expect(await read(driver, { groupId: null, timestamp: new Date(3000) })).toEqual(['3000'])
    expect(await read(driver, { groupId: 'h', timestamp: 3001 })).toEqual([])
  })

  test('is different for each topic of a group', async () => {
    const driver = memory()
    await fill(driver, 'one', ['a', 'b'])
    await fill(driver, 'two', ['c', 'd'])
    Conf({ driver, groupId: 'g' })
    const seen: string[] = []
    const app = createApp()
    app.snap(
      Topic('one', { until: 'end', offset: 1 }),
      Topic('two', { until: 'end' }),
    )(({ value }) => void seen.push(value))
    await app.stream({})
    expect(seen.sort()).toEqual(['b', 'c', 'd'])
  })

  test('comes from autoOffsetReset of the topic', async () => {
    const driver = memory()
    await fill(driver, 'demo', ['a'])
    expect(await read(driver, { groupId: 'g', conf: { driver, autoOffsetReset: 'latest' } })).toEqual([])
    await expect(read(driver, { groupId: 'h', conf: { driver, autoOffsetReset: 'error' } })).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
    })
  })
})

describe("until: 'end'", () => {
  test('ends at once in an empty topic, and in a topic that is read to its end', async () => {
    const driver = memory()
    await fill(driver, 'demo', [], 3)
    Conf({ driver, groupId: 'g' })
    for (const [values, expected] of [
      [[], []],
      [['a'], ['a']],
      [[], []],
    ] as const) {
      await fill(driver, 'demo', values)
      const seen: string[] = []
      const app = createApp()
      app.snap(Topic('demo', { until: 'end' }))(({ value }) => void seen.push(value))
      await app.stream({})
      expect(seen).toEqual(expected)
    }
  })

  test('does not read records that were written after it opened', async () => {
    const driver = memory()
    await fill(driver, 'demo', ['a', 'b'], 2)
    Conf({ driver, groupId: 'g' })
    const topic = Topic('demo', { until: 'end' })
    const seen: string[] = []
    const app = createApp()
    app.snap(topic, { sink: [topic], use: [topic] })(({ value }) => {
      seen.push(value)
      return `${value}!`
    })
    await app.stream({})
    expect(seen.sort()).toEqual(['a', 'b'])
    const again = createApp()
    again.snap(Topic('demo', { until: 'end' }))(({ value }) => void seen.push(value))
    await again.stream({})
    expect(seen.sort()).toEqual(['a', 'a!', 'b', 'b!'])
  })

  test('ends after tombstones that handlers do not get', async () => {
    const driver = memory()
    await fill(driver, 'demo', ['a', null, null])
    Conf({ driver, groupId: 'g' })
    const seen: (string | null)[] = []
    for (const tombstones of [false, true]) {
      const app = createApp()
      const options = { until: 'end', groupId: `g${tombstones}` } as const
      const topic = tombstones ? Topic('demo', { ...options, tombstones }) : Topic('demo', options)
      app.snap(topic)(({ value }) => void seen.push(value))
      await app.stream({})
    }
    expect(seen).toEqual(['a', 'a', null, null])
    const committed = await (await adminOf(driver)).committed('gfalse', ['demo'])
    expect(committed).toEqual([{ topic: 'demo', partition: 0, offset: 3 }])
  })

  test('one source that ends does not end the others', async () => {
    const driver = memory()
    await fill(driver, 'one', ['a'])
    await fill(driver, 'two', ['b'])
    Conf({ driver, groupId: 'g' })
    const seen: string[] = []
    const app = createApp()
    app.snap(Topic('one', { until: 'end' }))(({ value }) => void seen.push(value))
    app.snap(Topic('two'))(({ value }, { stop }) => {
      seen.push(value)
      if (value === 'c') stop()
    })
    const done = app.stream({})
    await until(() => seen.length === 2)
    await fill(driver, 'two', ['c'])
    await done
    expect(seen.sort()).toEqual(['a', 'b', 'c'])
  })
})

describe('the names of a topic', () => {
  test('are several, or a pattern', async () => {
    const driver = memory()
    await fill(driver, 'orders.eu', ['a'])
    await fill(driver, 'orders.us', ['b'])
    await fill(driver, 'other', ['c'])
    Conf({ driver })
    for (const [names, expected] of [
      [/^orders\./g, ['orders.eu a', 'orders.us b']],
      [
        ['orders.us', 'other'],
        ['orders.us b', 'other c'],
      ],
    ] as const) {
      const seen: string[] = []
      const app = createApp()
      app.snap(Topic(names, { groupId: 'g' + String(names), until: 'end' }))(
        ({ topic, value }) => void seen.push(`${topic} ${value}`),
      )
      await app.stream({})
      expect(seen.sort()).toEqual(expected)
    }
    const app = createApp()
    app.snap(Topic(/nothing/, { groupId: 'g' }))(() => {})
    await expect(app.stream({})).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
  })
})

describe('a codec', () => {
  test('may be asynchronous, and may fail for single records', async () => {
    const driver = memory()
    await fill(driver, 'demo', ['1', 'x', '3'])
    const codec: Codec<number> = {
      encode: (value) => Buffer.from(String(value)),
      async decode(bytes) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        const n = Number(Buffer.from(bytes).toString())
        if (Number.isNaN(n)) throw new Error('not a number')
        return n
      },
    }
    const seen: unknown[] = []
    const app = createApp()
    app.snap(Topic('demo', { groupId: 'g', until: 'end', codec, conf: { driver } }), {
      onError(error, message) {
        seen.push(error.message, message.value)
        return 'skip'
      },
    })(({ value }) => void seen.push(value))
    await app.stream({})
    expect(seen).toEqual([1, 'the value of demo/0 offset 1 did not decode: not a number', new Uint8Array([120]), 3])
  })

  test('of keys may decode to objects, whose order is kept with concurrency', async () => {
    const driver = memory()
    await fill(driver, 'demo', ['a', 'b', 'c', 'd'])
    const keyCodec: Codec<{ id: number }> = {
      encode: ({ id }) => Buffer.from(String(id)),
      decode: (bytes) => ({ id: (bytes.at(-1) ?? 0) % 2 }),
    }
    const seen: string[] = []
    const app = createApp()
    app.snap(Topic('demo', { groupId: 'g', until: 'end', codec: BytesCodec(), keyCodec, conf: { driver } }), {
      concurrency: 4,
    })(async ({ key, value }) => {
      seen.push(`start ${key?.id}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
      seen.push(`end ${key?.id} ${Buffer.from(value).toString()}`)
    })
    await app.stream({})
    expect(seen).toEqual(['start 0', 'start 1', 'end 0 a', 'start 0', 'end 1 b', 'start 1', 'end 0 c', 'end 1 d'])
  })
})

test('a slow topic does not delay another topic of its group', async () => {
  const driver = memory()
  const values = Array.from({ length: 5000 }, (_, i) => `${i}`)
  await fill(driver, 'slow', values)
  await fill(driver, 'fast', values)
  Conf({ driver, groupId: 'g' })
  let fast = 0
  let release = () => {}
  const gate = new Promise<void>((resolve) => (release = resolve))
  const app = createApp()
  app.snap(Topic('slow', { until: 'end' }))(() => gate)
  app.snap(Topic('fast', { until: 'end' }))(() => {
    if (++fast === 5000) release()
  })
  await app.stream({})
  expect(fast).toBe(5000)
})

test('a consumer that fails ends the stream with its error', async () => {
  const driver = memory({ retention: { records: 2 } })
  await fill(driver, 'demo', ['a', 'b', 'c', 'd'])
  const app = createApp()
  app.snap(Topic('demo', { groupId: 'g', offset: 0, conf: { driver } }))(() => {})
  await expect(app.stream({})).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', topic: 'demo' })
})

describe('what a topic tells about itself', () => {
  const about = (topic: object) => (topic as { readonly '~snapstream.about': unknown })['~snapstream.about']

  test('has its group, or else that of the settings', () => {
    expect(about(Topic(['a', 'b'], { groupId: 'mine' }))).toEqual({ system: 'kafka', name: 'a,b', group: 'mine' })
    Conf({ driver: memory(), groupId: 'shared' })
    expect(about(Topic('demo'))).toEqual({ system: 'kafka', name: 'demo', group: 'shared' })
    expect(about(Topic('demo', { groupId: null }))).toEqual({ system: 'kafka', name: 'demo' })
  })
})
