import { Admin, Topic } from '@snapstream/kafka'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { findJava, which } from '@snapstream/services'
import { startBroker } from '../broker.ts'
import type { Brokers } from '../brokers.ts'
import { DRIVERS } from '../worker-plan.ts'
import { fresh } from './odd-day.ts'
import { startReading } from './reading-process.ts'
import type { ReadingProcess } from './reading-process.ts'

const able = which('prlimit') !== undefined && (await findJava()) !== undefined
const patience = { timeout: 20_000, interval: 50 }
const CONNECT_MS = 3000

describe.skipIf(!able)(
  `a process without free file handles${able ? '' : ' (skipped: needs prlimit and Java 17)'}`,
  () => {
    let brokers: Brokers
    beforeAll(async () => {
      brokers = await startBroker(new AbortController().signal, () => {})
    }, 120_000)
    afterAll(() => brokers.stop())

    const readings: ReadingProcess[] = []
    afterEach(async () => {
      for (const reading of readings.splice(0)) await reading.kill()
    })

    async function setUp(driver: (typeof DRIVERS)[number], patienceMs: number) {
      const topic = fresh('handles')
      await using admin = Admin({ brokers: brokers.addresses })
      await admin.createTopic(topic, { partitions: 1 })
      const address = brokers.forWorkers
      const groupId = fresh('group')
      const reading = startReading({
        brokers: address,
        driver,
        topic,
        groupId,
        connectTimeoutMs: patienceMs,
        deliveryTimeoutMs: patienceMs,
      })
      readings.push(reading)
      await vi.waitFor(() => expect(reading.ready).toBe(true), patience)
      const write = async (...values: readonly string[]) => {
        await using target = Topic(topic, { conf: { brokers: brokers.addresses } })
        await target.open()
        await Promise.all(values.map((value) => target(value)))
      }
      /** Resolves when the process has committed a record: its client has then loaded all of its modules. */
      const atWork = async () => {
        reading.begin()
        await write('a')
        await using admin = Admin({ brokers: brokers.addresses })
        await vi.waitFor(async () => expect(await admin.offsets(groupId)).toMatchObject([{ committed: 1 }]), patience)
        expect(reading.read).toEqual(['a'])
      }
      return { reading, write, atWork }
    }

    describe.each(DRIVERS)('with %s', (driver) => {
      test('from the start ends with an error that names EMFILE', { timeout: 60_000 }, async () => {
        const { reading } = await setUp(driver, CONNECT_MS)
        reading.limitHandles(3)
        reading.begin()
        await vi.waitFor(() => expect(reading.failed).toBeDefined(), patience)
        // A client that has not loaded all of its modules fails with KAFKA_FAILED.
        expect(['BROKER_UNREACHABLE', 'KAFKA_FAILED']).toContain(reading.failed?.code)
        expect(reading.failed?.message).toContain('EMFILE')
        expect(await reading.gone).toBe(0)
      })

      test('for a while continues once handles are free, without losing a record', { timeout: 60_000 }, async () => {
        const { reading, write, atWork } = await setUp(driver, 30_000)
        await atWork()
        reading.limitHandles(3)
        brokers.proxy?.cut()
        await write('b', 'c')
        const inVain = () => reading.refused.filter((code) => code === 'EMFILE').length
        await vi.waitFor(() => expect(inVain()).toBeGreaterThan(2), patience)
        expect([...new Set(reading.read)]).toEqual(['a'])
        expect(reading.failed).toBeUndefined()
        reading.limitHandles(null)
        await vi.waitFor(() => expect(reading.read).toContain('c'), patience)
        await write('last')
        expect(await reading.gone).toBe(0)
        expect([...new Set(reading.read)]).toEqual(['a', 'b', 'c', 'last'])
        expect(reading.failed).toBeUndefined()
      })

      test('from some time on ends with an error that names EMFILE', { timeout: 60_000 }, async () => {
        const { reading, atWork } = await setUp(driver, CONNECT_MS)
        await atWork()
        reading.limitHandles(3)
        brokers.proxy?.cut()
        await vi.waitFor(() => expect(reading.failed).toBeDefined(), { timeout: 40_000, interval: 50 })
        expect(reading.failed).toMatchObject({ code: 'BROKER_UNREACHABLE', message: expect.stringContaining('EMFILE') })
        expect(await reading.gone).toBe(0)
      })
    })
  },
)
