import { setImmediate } from 'node:timers/promises'
import { SnapstreamError } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import { driverConformance } from '../conformance/driver-conformance.ts'
import { producerSettings, readAll, record, withHarness } from '../conformance/harness.ts'
import type { Harness } from '../conformance/harness.ts'
import { memory } from './memory.ts'
import type { MemoryOptions } from './memory.ts'

driverConformance(
  { test, describe },
  { driver: memory(), brokers: [], sessionTimeoutMs: 200, patienceMs: 5000, records: 2000 },
)

const withMemory = (options: MemoryOptions, run: (harness: Harness) => Promise<void>) =>
  withHarness({ driver: memory(options), brokers: [], patienceMs: 5000 }, run)

/** A clock that only the test moves. */
function clock() {
  let time = 1_000_000
  const timers = new Set<{ at: number; f: () => void }>()
  return {
    now: () => time,
    pending: () => timers.size,
    setTimeout(f: () => void, ms: number) {
      const timer = { at: time + ms, f }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    async advance(ms: number) {
      time += ms
      for (const timer of timers)
        if (timer.at <= time) {
          timers.delete(timer)
          timer.f()
        }
      await setImmediate()
    },
  }
}

describe('memory', () => {
  test('each call of memory() is a separate broker', async () => {
    await withMemory({}, async (one) => {
      const topic = await one.topic()
      await withMemory({}, async (two) => expect(await two.admin.listTopics()).not.toContain(topic))
    })
  })

  test('clients of one driver share topics', async () => {
    const driver = memory()
    await withHarness({ driver, brokers: [] }, async (one) => {
      const topic = await one.topic()
      await withHarness({ driver, brokers: [] }, async (two) => expect(await two.admin.listTopics()).toContain(topic))
    })
  })

  test('topics are created with defaultPartitions', async () => {
    await withMemory({ defaultPartitions: 3 }, async ({ admin }) => {
      await admin.createTopics([{ topic: 'a' }, { topic: 'b', partitions: 2 }])
      const described = await admin.describeTopics(['a', 'b'])
      expect([...described].map(([topic, partitions]) => [topic, partitions.length])).toEqual([
        ['a', 3],
        ['b', 2],
      ])
    })
    for (const defaultPartitions of [0, 1.5, -1, NaN]) expect(() => memory({ defaultPartitions })).toThrow('at least 1')
  })

  test('retention limits the number of records, and deleted offsets are out of range', async () => {
    await withMemory({ retention: { records: 3 } }, async ({ admin, topic, produce, reader, until }) => {
      const name = await topic()
      const { error, consumer, batches } = await reader([name], { hold: () => true })
      for (const value of ['a', 'b']) {
        await produce(name, 0, [value])
        await until('the record', () => batches.at(-1)?.nextOffset === batches.length)
      }
      await produce(name, 0, ['c', 'd', 'e', 'f', 'g'])
      expect((await admin.offsets(name, 'earliest'))[0]?.offset).toBe(4)
      expect(error()).toBeUndefined()
      if (batches[0]) consumer.release(batches[0])
      await until('the error', error)
      expect(error()).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', offset: 2, topic: name })
      // Batches that were returned before do not change.
      expect(batches.flatMap(readAll).map(({ value }) => value)).toEqual(['a', 'b'])
    })
  })

  test('retention limits the bytes and the age of records', async () => {
    const host = clock()
    await withMemory({ retention: { bytes: 3000 } }, async ({ admin, topic, produce }) => {
      const name = await topic()
      for (let i = 0; i < 10; i++) await produce(name, 0, ['x'.repeat(750)])
      expect((await admin.offsets(name, 'earliest'))[0]?.offset).toBe(7)
    })
    await withMemory({ retention: { ms: 1000 }, host }, async ({ admin, topic, producer }) => {
      const name = await topic()
      await producer.send([{ topic: name, partition: 0, records: [record('old', { timestamp: host.now() })] }])
      await host.advance(900)
      await producer.send([{ topic: name, partition: 0, records: [record('new', { timestamp: host.now() })] }])
      expect((await admin.offsets(name, 'earliest'))[0]?.offset).toBe(0)
      await host.advance(200)
      expect((await admin.offsets(name, 'earliest'))[0]?.offset).toBe(1)
      await host.advance(900)
      expect((await admin.offsets(name, 'earliest'))[0]?.offset).toBe(2)
      expect((await admin.offsets(name, 'latest'))[0]?.offset).toBe(2)
    })
  })

  test('the memory driver waits for events only, and for its clock during a rebalance', async () => {
    const host = clock()
    await withMemory({ host }, async ({ topic, reader, produce, name, until }) => {
      const topicName = await topic()
      const groupId = name('group')
      const first = await reader([topicName], { groupId, revoked: () => new Promise(() => {}) })
      await until('the assignment', () => first.owned.size === 1)
      await produce(topicName, 0, ['a'])
      await until('the record', () => first.records.length === 1)
      expect(host.pending()).toBe(0)
      const second = await reader([topicName], { groupId })
      await until('the timer', () => host.pending() === 1)
      await host.advance(59_999)
      expect(first.events).toEqual(['assigned', 'revoked...'])
      await host.advance(1)
      await until('the handover', () => second.owned.size === 1)
      expect(first.events).toEqual(['assigned', 'revoked...', 'lost...'])
      expect(host.pending()).toBe(0)
    })
  })

  test('a batch is bounded in records and in bytes', async () => {
    await withMemory({}, async ({ topic, produce, consumer }) => {
      const name = await topic()
      const value = 'x'.repeat(750)
      for (let i = 0; i < 3; i++)
        await produce(
          name,
          0,
          Array.from({ length: 500 }, () => value),
        )
      const one = await consumer([name])
      expect((await one.poll())?.length).toBe(1000)
      const other = await consumer([name], { fetchMaxBytes: 10_000 })
      expect((await other.poll())?.length).toBe(10)
      const small = await consumer([name], { fetchMaxBytes: 1 })
      expect((await small.poll())?.length).toBe(1)
    })
  })

  test('a closed producer returns errors and does not write', async () => {
    await withMemory({}, async ({ client, topic, admin }) => {
      const name = await topic()
      const producer = await client.producer(producerSettings())
      await producer.close()
      const [result] = await producer.send([{ topic: name, partition: 0, records: [record('x')] }])
      expect(SnapstreamError.is(result?.error) && result.error.code).toBe('NOT_OPEN')
      expect((await admin.offsets(name, 'latest'))[0]?.offset).toBe(0)
    })
  })
})
