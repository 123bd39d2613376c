import { SnapstreamError } from '@snapstream/core'
import { createVirtualHost } from '@snapstream/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProducerDefaults } from '../conf/resolve-settings.ts'
import type { DriverProducer, ProduceBatch, ProduceResult } from '../driver/driver.ts'
import { wireBytes } from './accumulator.ts'
import type { DeliveryListener } from './accumulator.ts'
import { partitionOf } from './partitioner.ts'
import { createProducer } from './producer.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (content: Uint8Array | string | null) =>
  typeof content === 'string' ? content : new TextDecoder().decode(content ?? new Uint8Array())
const OK: ProduceResult = {}
const retriable = (): ProduceResult => ({ error: new SnapstreamError('KAFKA_FAILED', 'not leader'), retriable: true })
const fatal = (): ProduceResult => ({ error: new SnapstreamError('FENCED', 'fenced'), retriable: false })
const tooLarge = (): ProduceResult => ({ error: new SnapstreamError('RECORD_TOO_LARGE', 'large'), retriable: false })

const DEFAULTS: ProducerDefaults = {
  acks: -1,
  compression: 'none',
  idempotence: false,
  maxRequestBytes: 1_048_576,
  deliveryTimeoutMs: 120_000,
  lingerMs: 0,
  batchSizeBytes: 524_288,
  bufferBytes: 33_554_432,
  metadataMaxAgeMs: 300_000,
}

type Answer = (batch: ProduceBatch) => ProduceResult | Promise<ProduceResult>

function setup({
  settings = {},
  answer = () => OK,
  partitions = 4,
}: {
  settings?: Partial<ProducerDefaults>
  answer?: Answer
  partitions?: number
} = {}) {
  const host = createVirtualHost()
  const sends: ProduceBatch[][] = []
  const underWay = new Set<string>()
  const log: string[][] = []
  const state = { partitions, asked: 0 }
  const driverProducer: DriverProducer = {
    async partitions() {
      state.asked++
      return state.partitions
    },
    async send(batches) {
      sends.push(batches.map((batch) => ({ ...batch, records: [...batch.records] })))
      for (const { topic, partition } of batches) {
        if (underWay.has(`${topic}/${partition}`)) throw new Error('two sends of one partition are in flight')
        underWay.add(`${topic}/${partition}`)
      }
      return Promise.all(
        batches.map(async (batch) => {
          const result = await answer(batch)
          underWay.delete(`${batch.topic}/${batch.partition}`)
          if (!result.error) (log[batch.partition] ??= []).push(...batch.records.map(({ value }) => text(value)))
          return result
        }),
      )
    },
    async close() {},
  }
  const producer = createProducer({ producer: driverProducer, settings: { ...DEFAULTS, ...settings }, host })
  const outcomes = new Map<string, true | Error>()
  const open = async (name = 't') => {
    const topic = await producer.topic(name)
    const add = (value: string, { key, partition }: { key?: string; partition?: number } = {}): unknown => {
      const listener: DeliveryListener = {
        acknowledged: () => void outcomes.set(value, true),
        failed: (error) => void outcomes.set(value, error),
      }
      const record = { key: key === undefined ? null : bytes(key), value: bytes(value), headers: [], timestamp: 0 }
      return topic.send(record, partition, listener)
    }
    return { topic, add }
  }
  return { host, sends, log, state, producer, outcomes, open }
}

describe('batches', () => {
  test('records that are written in one turn are sent in one request for all partitions', async () => {
    const { sends, open } = setup()
    const { topic, add } = await open()
    for (let i = 0; i < 10; i++) add(`v${i}`, { partition: i % 2 })
    await topic.drained()
    expect(sends).toHaveLength(1)
    expect(sends[0]?.map(({ partition, records }) => [partition, records.length])).toEqual([
      [0, 5],
      [1, 5],
    ])
  })

  test('records of a partition wait while a batch of it is in flight, and then go in one batch', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const { sends, open } = setup({ answer: async () => gate.then(() => OK) })
    const { topic, add } = await open()
    add('a', { partition: 0 })
    await Promise.resolve()
    add('b', { partition: 0 })
    add('c', { partition: 0 })
    await Promise.resolve()
    expect(sends).toHaveLength(1)
    release()
    await topic.drained()
    expect(sends.map(([batch]) => batch?.records.map(({ value }) => text(value)))).toEqual([['a'], ['b', 'c']])
  })

  test('the offset of each record is told to listeners that want it, if the driver knows it', async () => {
    let answer: ProduceResult = { baseOffset: 40 }
    const { topic } = await setup({ answer: async () => answer }).open()
    const told: unknown[] = []
    const add = (listener: DeliveryListener) =>
      topic.send({ key: null, value: bytes('x'), headers: [], timestamp: 0 }, 0, listener)
    const wanted: DeliveryListener = {
      acknowledged: () => void told.push('unknown'),
      acknowledgedAt: (offset) => void told.push(offset),
      failed() {},
    }
    const other: DeliveryListener = { acknowledged: () => void told.push('other'), failed() {} }
    for (const listener of [wanted, other, wanted]) void add(listener)
    await topic.drained()
    answer = {}
    void add(wanted)
    await topic.drained()
    expect(told).toEqual([40, 'other', 42, 'unknown'])
  })

  test('a slow partition does not hold up another one', async () => {
    const { open, outcomes, host } = setup({
      answer: ({ partition }) => (partition === 0 ? new Promise(() => {}) : OK),
    })
    const { add } = await open()
    add('slow', { partition: 0 })
    await host.advance(1)
    // The request waits a few ms: most answers come sooner, and more records could join the same request.
    add('fast', { partition: 1 })
    await host.advance(3)
    expect(outcomes.has('fast')).toBe(false)
    await host.advance(1)
    expect(outcomes.get('fast')).toBe(true)
    add('faster', { partition: 1 })
    await host.advance(0)
    expect(outcomes.get('faster')).toBe(true)
    expect(outcomes.has('slow')).toBe(false)
  })

  test('small batches wait for the answer to the last request, and then go in one request', async () => {
    const answers: (() => void)[] = []
    const { sends, open } = setup({ answer: () => new Promise((resolve) => answers.push(() => resolve(OK))) })
    const { topic, add } = await open()
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    add('a', { partition: 0 })
    await turn()
    for (const partition of [1, 2, 3, 2]) {
      add(`${partition}`, { partition })
      await turn()
    }
    expect(sends).toHaveLength(1)
    answers[0]?.()
    await turn()
    expect(sends[1]?.map(({ partition, records }) => [partition, records.length])).toEqual([
      [1, 1],
      [2, 2],
      [3, 1],
    ])
    add('large'.repeat(10_000), { partition: 0 })
    await turn()
    expect(sends).toHaveLength(3)
    for (const answer of answers) answer()
    await topic.drained()
  })

  test('a batch has at most 4000 records and batchSizeBytes', async () => {
    const { sends, open } = setup({ partitions: 1 })
    const { topic, add } = await open()
    for (let i = 0; i < 10_000; i++) add(`${i}`)
    await topic.drained()
    expect(sends.map(([batch]) => batch?.records.length)).toEqual([4000, 4000, 2000])
    const small = setup({ partitions: 1, settings: { batchSizeBytes: 1000 } })
    const other = await small.open()
    for (let i = 0; i < 5; i++) other.add('x'.repeat(400))
    await other.topic.drained()
    expect(small.sends.map(([batch]) => batch?.records.length)).toEqual([2, 2, 1])
  })

  test('a batch lingers for lingerMs, unless a flush waits for it or it is full', async () => {
    const { host, sends, open } = setup({ settings: { lingerMs: 50 }, partitions: 1 })
    const { topic, add } = await open()
    add('a')
    await host.advance(49)
    expect(sends).toHaveLength(0)
    add('b')
    await host.advance(2)
    expect(sends.map(([batch]) => batch?.records.length)).toEqual([2])
    add('c')
    await topic.drained()
    expect(sends).toHaveLength(2)
    for (let i = 0; i < 4000; i++) add(`${i}`)
    await host.advance(0)
    expect(sends).toHaveLength(3)
    expect(host.timers).toBe(0)
  })
})

describe('partitions', () => {
  test('a request is no larger than maxRequestBytes', async () => {
    const { sends, open } = setup({ settings: { maxRequestBytes: 3000 } })
    const { topic, add } = await open()
    for (let i = 0; i < 40; i++) add('x'.repeat(500) + i, { partition: i % 4 })
    await topic.drained()
    const sizes = sends.map((batches) =>
      batches.flatMap(({ records }) => records).reduce((sum, record) => sum + wireBytes(record), 0),
    )
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3000)
    expect(sends.flat().flatMap(({ records }) => records)).toHaveLength(40)
  })

  test('a record with a key goes to the partition that Java chooses, also when it is sent again', async () => {
    let failures = 3
    const { log, open, host } = setup({ answer: () => (failures-- > 0 ? retriable() : OK) })
    const { topic, add } = await open()
    for (let i = 0; i < 40; i++) add(`${i}`, { key: `k${i}` })
    await host.settle(topic.drained())
    for (let i = 0; i < 40; i++) expect(log[partitionOf(bytes(`k${i}`), 4)]).toContain(`${i}`)
  })

  test('a listener learns once of each failed attempt, however many records it has in the batch', async () => {
    let failures = 3
    const { open, host } = setup({ answer: () => (failures-- > 0 ? retriable() : OK) })
    const { topic } = await open()
    const told: string[] = []
    const listener: DeliveryListener = { acknowledged() {}, failed() {}, retried: (error) => told.push(error.message) }
    for (let i = 0; i < 5; i++)
      void topic.send({ key: null, value: bytes(`${i}`), headers: [], timestamp: 0 }, 0, listener)
    await host.settle(topic.drained())
    expect(told).toEqual(['not leader', 'not leader', 'not leader'])
  })

  test('records without a key fill one batch of a partition, then one of the next', async () => {
    const { log, open } = setup({ partitions: 3 })
    const { topic, add } = await open()
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 5; i++) add(`${round}`)
      await topic.drained()
    }
    expect(log.map((values) => values.length)).toEqual([10, 10, 10])
    for (const values of log) expect(new Set(values).size).toBe(2)
  })

  test('records without a key do not pile up on one partition while it is slow', async () => {
    const { log, open, host } = setup({
      partitions: 3,
      settings: { batchSizeBytes: 1000 },
      answer: async () => host.yield().then(() => OK),
    })
    const { topic, add } = await open()
    for (let i = 0; i < 60; i++) add('x'.repeat(400))
    await host.settle(topic.drained())
    for (const values of log) expect(values.length).toBeGreaterThan(10)
  })

  test('a record for a partition that does not exist is refused, and the number of partitions is requested again', async () => {
    const { open, state, host } = setup({ partitions: 2 })
    const { add, topic } = await open()
    state.partitions = 3
    expect(() => add('a', { partition: 2 })).toThrow('has no partition 2: it has 2, numbered from 0')
    await host.advance(0)
    add('b', { partition: 2 })
    await topic.drained()
  })

  test('partitions that are added are used once metadataMaxAgeMs has passed', async () => {
    const { open, state, host, log } = setup({ partitions: 1, settings: { metadataMaxAgeMs: 1000 } })
    const { topic, add } = await open()
    state.partitions = 2
    await host.advance(1000)
    add('a')
    await topic.drained()
    await host.advance(0)
    for (const key of ['a', 'b', 'c', 'd', 'e']) add(key, { key })
    await topic.drained()
    expect(log[1]?.length).toBeGreaterThan(0)
    expect(state.asked).toBe(2)
  })
})

describe('failures', () => {
  test('a batch that failed is sent again in order, with growing pauses', async () => {
    let failures = 5
    const times: number[] = []
    const { log, open, host } = setup({
      partitions: 1,
      answer: () => {
        times.push(host.now())
        return failures-- > 0 ? retriable() : OK
      },
    })
    const { topic, add } = await open()
    add('a')
    await host.advance(0)
    add('b')
    await host.settle(topic.drained())
    expect(log[0]).toEqual(['a', 'b'])
    expect(times.slice(0, 6)).toEqual([0, 100, 300, 700, 1500, 2500])
  })

  test('records fail once they are older than deliveryTimeoutMs', async () => {
    const { open, host, outcomes } = setup({
      partitions: 1,
      settings: { deliveryTimeoutMs: 1000 },
      answer: () => retriable(),
    })
    const { topic, add } = await open()
    add('a')
    await host.advance(0)
    add('b')
    await host.advance(900)
    add('young')
    const drained = topic.drained()
    await host.advance(100)
    expect((outcomes.get('a') as Error).message).toBe(
      'a record for partition 0 of "t" could not be delivered within deliveryTimeoutMs (1000): not leader; ' +
        'check the brokers, or raise deliveryTimeoutMs if they need longer',
    )
    expect(outcomes.get('b')).toMatchObject({ code: 'KAFKA_FAILED' })
    expect(outcomes.has('young')).toBe(true)
    await drained
    expect(host.now()).toBeLessThan(1100)
  })

  test('an error that is not retriable fails its batch alone', async () => {
    let first = true
    const { open, outcomes, sends } = setup({
      partitions: 1,
      answer: () => {
        const result = first ? fatal() : OK
        first = false
        return result
      },
    })
    const { topic, add } = await open()
    add('a')
    await topic.drained()
    add('b')
    await topic.drained()
    expect(outcomes.get('a')).toMatchObject({ code: 'FENCED', topic: 't', partition: 0 })
    expect(outcomes.get('b')).toBe(true)
    expect(sends).toHaveLength(2)
  })

  test('only the record that is too large fails', async () => {
    const { open, outcomes, log } = setup({
      partitions: 1,
      answer: ({ records }) => (records.some(({ value }) => text(value) === 'big') ? tooLarge() : OK),
    })
    const { topic, add } = await open()
    const others = Array.from({ length: 20 }, (_, i) => `${i}`)
    for (const value of [...others.slice(0, 13), 'big', ...others.slice(13)]) add(value)
    await topic.drained()
    expect(log[0]).toEqual(others)
    expect(outcomes.get('big')).toMatchObject({ code: 'RECORD_TOO_LARGE' })
    expect([...outcomes.values()].filter((outcome) => outcome !== true)).toHaveLength(1)
  })

  describe('of single records', () => {
    const isBad = (record: ProduceBatch['records'][number]) => text(record.value).startsWith('bad')
    const answer =
      (isNamed: boolean): Answer =>
      ({ records }) => {
        const refused = new Map(records.flatMap((record, i) => (isBad(record) ? [[i, 'no key']] : [])))
        if (refused.size === 0) return OK
        return {
          error: new SnapstreamError('KAFKA_FAILED', 'invalid'),
          retriable: false,
          refused: isNamed ? refused : new Map(),
        }
      }
    const others = Array.from({ length: 20 }, (_, i) => `${i}`)
    const values = [...others.slice(0, 13), 'bad 1', 'bad 2', ...others.slice(13), 'bad 3']

    test.each([true, false])(
      'the refused records fail and the others are written in order, whether the broker names them: %s',
      async (isNamed) => {
        const { open, outcomes, log, sends, producer } = setup({ partitions: 1, answer: answer(isNamed) })
        const { topic, add } = await open()
        for (const value of values) add(value)
        await topic.drained()
        expect(log[0]).toEqual(others)
        expect([...outcomes].filter(([, outcome]) => outcome !== true)).toEqual(
          ['bad 1', 'bad 2', 'bad 3'].map((value) => [value, expect.objectContaining({ code: 'SINK_REFUSED' })]),
        )
        expect((outcomes.get('bad 1') as Error).message).toBe(
          `the broker refused a record for partition 0 of "t": ${isNamed ? 'no key' : 'invalid'}; ` +
            'write records that the topic accepts, or change its settings',
        )
        // One more request if the broker names the refused records; otherwise a binary search for them.
        expect(sends.length).toBe(isNamed ? 2 : 19)
        expect(producer.bufferedBytes).toBe(0)
      },
    )

    test('a broker that refuses every record, and names indexes that do not exist, ends the batch', async () => {
      const { open, outcomes, host } = setup({
        partitions: 1,
        answer: ({ records }) => ({
          error: new SnapstreamError('KAFKA_FAILED', 'invalid'),
          retriable: false,
          refused: new Map([[records.length + 5, 'none of these']]),
        }),
      })
      const { topic, add } = await open()
      for (const value of ['a', 'b', 'c']) add(value)
      await host.settle(topic.drained())
      expect([...outcomes.values()].filter((outcome) => outcome !== true)).toHaveLength(3)
    })

    test('drained waits for earlier records though later ones are refused first', async () => {
      let release = () => {}
      const gate = new Promise<void>((resolve) => (release = resolve))
      const judge = answer(true)
      const { open, log } = setup({
        partitions: 1,
        answer: async (batch) => {
          if (!batch.records.some(isBad)) await gate
          return judge(batch)
        },
      })
      const { topic, add } = await open()
      add('first')
      let drained = false
      const waiting = topic.drained().then(() => (drained = true))
      for (const value of ['bad 1', 'bad 2', 'bad 3']) add(value)
      await new Promise((resolve) => setImmediate(resolve))
      expect([drained, log[0]]).toEqual([false, undefined])
      release()
      await waiting
      expect(log[0]).toEqual(['first'])
    })
  })

  test('an error that a driver throws fails the batch', async () => {
    const { open, outcomes } = setup({
      answer: () => {
        throw new Error('broken')
      },
    })
    const { topic, add } = await open()
    add('a')
    await topic.drained()
    expect((outcomes.get('a') as Error).message).toContain('broken')
  })

  test('a failure in one topic does not affect another one', async () => {
    const { open, outcomes } = setup({ answer: ({ topic }) => (topic === 't' ? fatal() : OK) })
    const [one, other] = [await open('t'), await open('u')]
    one.add('a')
    other.add('b')
    await one.topic.drained()
    await other.topic.drained()
    expect(outcomes.get('a')).toBeInstanceOf(Error)
    expect(outcomes.get('b')).toBe(true)
  })
})

describe('the buffer', () => {
  test('send returns a promise when the buffer is full, and only then', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const { open, host } = setup({
      partitions: 1,
      settings: { bufferBytes: 2000, lingerMs: 60_000 },
      answer: () => gate.then(() => OK),
    })
    const { add } = await open()
    expect(add('x'.repeat(500))).toBeUndefined()
    expect(add('x'.repeat(500))).toBeUndefined()
    const room = add('x'.repeat(500)) as Promise<void>
    expect(room).toBeInstanceOf(Promise)
    let free = false
    void room.then(() => (free = true))
    await host.advance(1000)
    expect(free).toBe(false)
    release()
    await host.settle(room)
    expect(add('x')).toBeUndefined()
  })

  test('the buffer has room again after failures', async () => {
    const { open, outcomes } = setup({ partitions: 1, settings: { bufferBytes: 300 }, answer: () => fatal() })
    const { add } = await open()
    for (let i = 0; i < 10; i++) await add(`${i}${'x'.repeat(200)}`)
    expect(outcomes.size).toBe(10)
  })
})

test('drained does not wait for records that are sent after it was called', async () => {
  let sends = 0
  let add: (value: string) => unknown = () => {}
  const { open, host } = setup({
    partitions: 1,
    answer: async () => {
      if (++sends < 50) add(`${sends}`)
      return host.yield().then(() => OK)
    },
  })
  const opened = await open()
  add = opened.add
  add('first')
  await host.settle(opened.topic.drained())
  expect(sends).toBeLessThan(5)
})

test('close fails every record that is not acknowledged', async () => {
  const { open, outcomes, producer, host } = setup({ answer: () => new Promise(() => {}) })
  const { add, topic } = await open()
  add('under way', { partition: 0 })
  await host.advance(0)
  add('waiting', { partition: 0 })
  const drained = topic.drained()
  await producer.close(new Error('closed'))
  await drained
  expect([...outcomes.keys()]).toEqual(['under way', 'waiting'])
  expect(outcomes.get('waiting')).toMatchObject({ message: 'closed' })
})

test('a result that arrives after close changes nothing', async () => {
  let answer = (_result: ProduceResult) => {}
  const { open, outcomes, producer, host } = setup({ answer: () => new Promise((resolve) => (answer = resolve)) })
  const { add } = await open()
  add('in flight', { partition: 0 })
  await host.advance(0)
  await producer.close(new Error('closed'))
  answer(OK)
  await host.advance(1000)
  expect([...outcomes]).toEqual([['in flight', expect.objectContaining({ message: 'closed' })]])
  expect(producer.bufferedBytes).toBe(0)
})

test('each record is settled once and acknowledged in order, whatever fails', async () => {
  const result = fc.constantFrom('ok', 'retriable', 'fatal', 'large')
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ partition: fc.nat({ max: 2 }), pause: fc.boolean() }), { minLength: 1, maxLength: 60 }),
      fc.array(result, { maxLength: 30 }),
      async (records, results) => {
        const { open, host, log } = setup({
          partitions: 3,
          settings: { deliveryTimeoutMs: 2000, bufferBytes: 3000 },
          answer: async ({ records }) => {
            await host.yield()
            const next = results.shift() ?? 'ok'
            if (next === 'retriable') return retriable()
            if (next === 'fatal') return fatal()
            return next === 'large' && records.length > 1 ? tooLarge() : OK
          },
        })
        const { topic } = await open()
        const settled: string[][] = [[], [], []]
        const acknowledged: string[][] = [[], [], []]
        for (const [i, { partition, pause }] of records.entries()) {
          const value = `${i}`
          const listener: DeliveryListener = {
            acknowledged: () => {
              settled[partition]?.push(value)
              acknowledged[partition]?.push(value)
            },
            failed: () => void settled[partition]?.push(value),
          }
          const record = { key: null, value: bytes(value), headers: [], timestamp: 0 }
          const room = topic.send(record, partition, listener)
          if (room) await host.settle(room)
          else if (pause) await host.advance(1)
        }
        await host.settle(topic.drained())
        const expected = [0, 1, 2].map((partition) =>
          records.flatMap((record, i) => (record.partition === partition ? [`${i}`] : [])),
        )
        expect(settled).toEqual(expected)
        expect([0, 1, 2].map((partition) => log[partition] ?? [])).toEqual(acknowledged)
        expect(host.timers).toBe(0)
      },
    ),
    { numRuns: 300 },
  )
})

test('no record is lost or written twice over a driver that loses requests and acknowledgements', async () => {
  const what = fc.constantFrom('ok', 'request lost', 'acknowledgement lost')
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ partition: fc.nat({ max: 1 }), pause: fc.boolean() }), { minLength: 1, maxLength: 60 }),
      fc.array(what, { maxLength: 30 }),
      async (records, losses) => {
        const written: string[][] = [[], []]
        // A driver with idempotence recognizes a retry by its array of records.
        const known = new Set<unknown>()
        const producer: DriverProducer = {
          partitions: async () => 2,
          send: async (batches) =>
            batches.map(({ partition, records: sent }) => {
              const loss = losses.shift() ?? 'ok'
              if (loss === 'request lost') return retriable()
              if (!known.has(sent)) written[partition]?.push(...sent.map(({ value }) => text(value)))
              known.add(sent)
              return loss === 'ok' ? OK : retriable()
            }),
          async close() {},
        }
        const host = createVirtualHost()
        const settings = { ...DEFAULTS, maxRequestBytes: 200 }
        const topic = await createProducer({ producer, settings, host }).topic('t')
        const failures: Error[] = []
        let acknowledged = 0
        const listener: DeliveryListener = {
          acknowledged: () => void acknowledged++,
          failed: (error) => void failures.push(error),
        }
        for (const [i, { partition, pause }] of records.entries()) {
          const record = { key: null, value: bytes(`${i}`), headers: [], timestamp: 0 }
          void topic.send(record, partition, listener)
          if (pause) await host.advance(50)
        }
        await host.settle(topic.drained())
        expect(failures).toEqual([])
        expect(acknowledged).toBe(records.length)
        const expected = [0, 1].map((p) => records.flatMap(({ partition }, i) => (partition === p ? [`${i}`] : [])))
        expect(written).toEqual(expected)
      },
    ),
    { numRuns: 300 },
  )
})

test('a record that does not fit into a request is refused with its size, the limit and what to do', async () => {
  const record = { key: null, value: new Uint8Array(1000), headers: [], timestamp: 0 }
  const listener: DeliveryListener = { acknowledged() {}, failed() {} }
  const send = async (maxRequestBytes: number) => {
    const { topic } = await setup({ settings: { maxRequestBytes } }).open('demo')
    return topic.send(record, 0, listener)
  }
  await expect(send(1100)).resolves.toBeUndefined()
  await expect(send(1000)).rejects.toMatchObject({
    code: 'RECORD_TOO_LARGE',
    topic: 'demo',
    message:
      'a record of about 1085 bytes for "demo" is larger than maxRequestBytes (1000), before compression; send less in ' +
      'one record, or raise maxRequestBytes and, if need be, max.message.bytes of the topic',
  })
})
