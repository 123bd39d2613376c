import { SnapstreamError, createApp } from '@snapstream/core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Driver, TransactionalProducer } from '../driver/driver.ts'
import { driverWith } from '../fixtures/driver-with.ts'
import { memory } from '../memory/index.ts'
import { Topic } from '../topic/topic.ts'

afterEach(() => vi.restoreAllMocks())

/** Topics with one partition, the first of them filled with these values. */
async function topicsOf(driver: Driver, values: readonly string[], outputs: readonly string[] = ['out']) {
  const conf = { driver }
  const admin = await driver.client({ brokers: [], clientId: 'test', connectTimeoutMs: 1, requestTimeoutMs: 1 }).admin()
  await admin.createTopics(['in', ...outputs].map((topic) => ({ topic, partitions: 1 })))
  const fill = createApp()
  fill.snap(values, { sink: [Topic('in', { conf })] })((value) => value)
  await fill.stream()
  return {
    source: Topic('in', { groupId: 'g', until: 'end', conf }),
    sink: (name = 'out') => Topic(name, { exactlyOnce: true, conf }),
  }
}

/** The values of a topic that a reader with `read_committed` gets. */
async function valuesOf(driver: Driver, name = 'out'): Promise<(string | null)[]> {
  const values: (string | null)[] = []
  for await (const { value } of Topic(name, { conf: { driver } }).slice()) values.push(value)
  return values
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i}`)

describe('an exactly-once topic', () => {
  test('gets each output once, and the group its position', async () => {
    const driver = memory()
    const { source, sink } = await topicsOf(driver, numbers(100))
    const app = createApp()
    app.snap(source, { sink: [sink()] })(({ value }) => value)
    await app.stream()
    expect(await valuesOf(driver)).toEqual(numbers(100))
    expect(await source.lag()).toMatchObject([{ committed: 100, lag: 0 }])
  })

  test('gets the outputs of a message whose handler is tried again once', async () => {
    const driver = memory()
    const { source, sink } = await topicsOf(driver, ['a', 'b'])
    const app = createApp()
    let attempts = 0
    app.snap(source, { sink: [sink()], onError: { retries: 3, backoffMs: 1 } })(function* twice({ value }) {
      yield `${value}1`
      if (value === 'a' && ++attempts < 3) throw new Error('not yet')
      yield `${value}2`
    })
    await app.stream()
    expect(await valuesOf(driver)).toEqual(['a1', 'a2', 'b1', 'b2'])
  })

  test('gets no output of a message that is skipped halfway', async () => {
    const driver = memory()
    const { source, sink } = await topicsOf(driver, ['a', 'b', 'c'])
    const app = createApp()
    app.snap(source, { sink: [sink()], onError: 'skip' })(async function* halfway({ value }) {
      yield `${value}1`
      if (value === 'b') throw new Error('no')
      yield `${value}2`
    })
    await app.stream()
    expect(await valuesOf(driver)).toEqual(['a1', 'a2', 'c1', 'c2'])
    expect(await source.lag()).toMatchObject([{ committed: 3 }])
  })

  test('gets dead letters, without the outputs of their messages', async () => {
    const driver = memory()
    const { source, sink } = await topicsOf(driver, ['a', 'b', 'c'], ['out', 'dead'])
    const app = createApp()
    const onError = { retries: 1, backoffMs: 1, deadLetter: sink('dead') }
    app.snap(source, { sink: [sink()], onError })(function* halfway({ value }) {
      yield `${value}1`
      if (value === 'b') throw new Error('no')
    })
    await app.stream()
    expect(await valuesOf(driver)).toEqual(['a1', 'c1'])
    expect(await valuesOf(driver, 'dead')).toEqual(['b'])
  })

  test('shares its transaction with the other topics of the stream', async () => {
    const driver = memory()
    await topicsOf(driver, numbers(50), ['out', 'odd'])
    let commits = 0
    const watched = driverWith(driver, {
      transactionalProducer: (producer) => ({
        async commit() {
          commits++
          await producer.commit()
        },
      }),
    })
    const app = createApp()
    const conf = { driver: watched }
    const from = Topic('in', { groupId: 'g', until: 'end', conf })
    const [out, odd] = [Topic('out', { exactlyOnce: true, conf }), Topic('odd', { exactlyOnce: true, conf })]
    app.snap(from, { sink: [out, odd], concurrency: 4, key: ({ value }) => value })(async ({ value }) => value)
    await app.stream()
    for (const name of ['out', 'odd']) expect(new Set(await valuesOf(driver, name))).toEqual(new Set(numbers(50)))
    for (const name of ['out', 'odd']) expect(await valuesOf(driver, name)).toHaveLength(50)
    expect(commits).toBe(1)
  })

  test('gets the dead letters of records that the broker refuses, in the same transaction', async () => {
    const driver = memory()
    await topicsOf(driver, numbers(30), ['dead'])
    const conf = { driver }
    const app = createApp()
    const source = Topic('in', { groupId: 'g', until: 'end', conf })
    const config = { 'cleanup.policy': 'compact' }
    const keyed = Topic('keyed', { exactlyOnce: true, create: { partitions: 1, config }, conf })
    const dead = Topic('dead', { exactlyOnce: true, conf })
    let commits = 0
    app.on('checkpoint', () => commits++)
    // A compacted topic refuses records without a key, when the message counts as handled already.
    app.snap(source, { sink: [keyed], onError: { retries: 1, backoffMs: 1, deadLetter: dead } })(({ value }) => [
      Number(value) % 10 === 0 ? null : value,
      value,
    ])
    await app.stream()
    expect(app.health().bindings[0]).toMatchObject({ deadLettered: 3, retried: 3 })
    expect(await valuesOf(driver, 'keyed')).toEqual(numbers(30).filter((value) => Number(value) % 10 !== 0))
    expect(await valuesOf(driver, 'dead')).toEqual(['0', '10', '20'])
    expect(await source.lag()).toMatchObject([{ committed: 30 }])
    expect(commits).toBeGreaterThan(0)
  })

  test('gets each output once when transactions are aborted', async () => {
    const memoryDriver = memory()
    await topicsOf(memoryDriver, numbers(200))
    let commits = 0
    const driver = driverWith(memoryDriver, {
      transactionalProducer: (producer: TransactionalProducer) => ({
        async commit() {
          if (++commits % 2 === 1) throw aborted()
          await producer.commit()
        },
      }),
    })
    const conf = { driver, transactionMs: 1 }
    const app = createApp()
    const aborts: Error[] = []
    app.on('abort', ({ error }) => aborts.push(error))
    const source = Topic('in', { groupId: 'g', until: 'end', conf })
    app.snap(source, { sink: [Topic('out', { exactlyOnce: true, conf })] })(async ({ value }) => {
      if (Number(value) % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
      return value
    })
    await app.stream()
    expect(aborts.length).toBeGreaterThan(0)
    expect(await valuesOf(memoryDriver)).toEqual(numbers(200))
  })
})

function aborted() {
  return new SnapstreamError('TRANSACTION_ABORTED', 'the transaction was aborted')
}
