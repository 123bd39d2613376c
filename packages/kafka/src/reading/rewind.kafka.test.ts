import { randomUUID } from 'node:crypto'
import { SnapstreamError, createApp } from '@snapstream/core'
import { afterAll, describe, expect, test } from 'vitest'
import type { Driver } from '../driver/driver.ts'
import { Admin } from '../admin/admin.ts'
import { driverWith } from '../fixtures/driver-with.ts'
import { kafkajs } from '../kafkajs/index.ts'
import { Topic } from '../topic/topic.ts'

const brokers = process.env['KAFKA_BROKERS']
const PARTITIONS = 3
const PER_PARTITION = 400

describe.skipIf(!brokers)('on a real Kafka', () => {
  const conf = { brokers: brokers ?? 'localhost:29091' }
  const made: string[] = []
  async function topic(name: string): Promise<string> {
    const unique = `${name}-${randomUUID()}`
    made.push(unique)
    await admin.createTopic(unique, { partitions: PARTITIONS })
    return unique
  }
  const admin = Admin(conf)
  afterAll(async () => {
    for (const name of made) await admin.deleteTopic(name)
    await admin.close()
  })

  async function fill(name: string, from: number, to: number): Promise<void> {
    const app = createApp()
    const rounds = Array.from({ length: to - from }, (_, i) => from + i)
    const records = rounds.flatMap((i) => Array.from({ length: PARTITIONS }, (_, partition) => [partition, i] as const))
    app.snap(records, { sink: [Topic(name, { conf })] })(([partition, i]) => [null, `${partition}:${i}`, { partition }])
    await app.stream()
  }

  /** The values of each partition, as a reader with `read_committed` gets them. */
  async function valuesOf(name: string): Promise<string[][]> {
    const values = Array.from({ length: PARTITIONS }, (): string[] => [])
    for await (const { value, partition } of Topic(name, { conf }).slice()) values[partition]?.push(value)
    return values
  }

  const all = (count: number) =>
    Array.from({ length: PARTITIONS }, (_, partition) => Array.from({ length: count }, (_, i) => `${partition}:${i}`))

  /** A driver whose transactions are aborted when `isAborted` says so, in place of being committed. */
  const aborting = (isAborted: () => boolean): Driver =>
    driverWith(kafkajs(), {
      transactionalProducer: (producer) => ({
        async commit() {
          if (isAborted()) throw new SnapstreamError('TRANSACTION_ABORTED', 'the test aborts it')
          await producer.commit()
        },
      }),
    })

  test('a stream to the end copies every record once, also if its last transactions are aborted', async () => {
    const [from, to] = [await topic('in'), await topic('out')]
    await fill(from, 0, PER_PARTITION)
    let commits = 0
    const own = { ...conf, driver: aborting(() => ++commits % 3 !== 0), transactionMs: 20 }
    const app = createApp()
    let aborts = 0
    app.on('abort', () => aborts++)
    const source = Topic(from, { groupId: from, until: 'end', conf: own })
    app.snap(source, { sink: [Topic(to, { exactlyOnce: true, conf: own })] })(async ({ value, partition }) => {
      if (value.endsWith('00')) await new Promise((resolve) => setTimeout(resolve, 10))
      return [null, value, { partition }]
    })
    await app.stream()
    expect(aborts).toBeGreaterThan(1)
    expect(await valuesOf(to)).toEqual(all(PER_PARTITION))
    expect(await source.lag()).toMatchObject(Array.from({ length: PARTITIONS }, () => ({ committed: PER_PARTITION })))
  })

  test('while members come and go, and topics are paused, every record is copied once and in order', async () => {
    const [from, to] = [await topic('in'), await topic('out')]
    const members: { stop(): Promise<void>; source: Topic<string> }[] = []
    let [commits, aborts, revoked] = [0, 0, 0]
    const driver = aborting(() => ++commits % 3 === 0)
    function join() {
      const own = { ...conf, driver, transactionMs: 30, heartbeatIntervalMs: 100 }
      const app = createApp()
      app.on('abort', () => aborts++)
      app.on('revoked', ({ reason }) => (revoked += reason === 'revoked' ? 1 : 0))
      const source = Topic(from, { groupId: from, conf: own })
      app.snap(source, { sink: [Topic(to, { exactlyOnce: true, conf: own })] })(async ({ value, partition }) => {
        // There is a message in flight most of the time.
        await new Promise((resolve) => setTimeout(resolve, 1))
        return [null, value, { partition }]
      })
      const ending = new AbortController()
      const running = app.stream({}, { signal: ending.signal })
      running.catch(() => {})
      const member = {
        source,
        async stop() {
          ending.abort()
          // A stream whose last transaction is aborted says so. Other members handle its messages.
          await running.catch((error: unknown) => {
            if (!SnapstreamError.is(error) || error.code !== 'TRANSACTION_ABORTED') throw error
          })
        },
      }
      members.push(member)
      return member
    }
    join()
    const ROUNDS = 8
    const step = PER_PARTITION / ROUNDS
    for (let round = 0; round < ROUNDS; round++) {
      const filled = fill(from, round * step, (round + 1) * step)
      if (round % 3 === 1) join()
      if (round % 3 === 0 && members.length > 1) await members.shift()?.stop()
      for (const { source } of members) source.pause()
      await filled
      for (const { source } of members) source.resume()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await expect
      .poll(async () => (await valuesOf(to)).flat().length, { timeout: 40_000, interval: 500 })
      .toBeGreaterThanOrEqual(PARTITIONS * PER_PARTITION)
    await Promise.all(members.map((member) => member.stop()))
    expect(await valuesOf(to)).toEqual(all(PER_PARTITION))
    expect(aborts).toBeGreaterThan(2)
    expect(revoked).toBeGreaterThan(2)
  }, 90_000)
})
