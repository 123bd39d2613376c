import { SnapstreamError } from '@snapstream/core'
import { expect, test } from 'vitest'
import type { Driver } from '../driver/driver.ts'
import { driverWith } from '../fixtures/driver-with.ts'
import { memory } from '../memory/index.ts'
import { Topic } from '../topic/topic.ts'
import { transaction } from './transaction.ts'

/** A driver with the topics `orders` and `audit`, of two partitions each. */
async function driverOf(): Promise<Driver> {
  const driver = memory()
  const settings = { brokers: [], clientId: 'test', connectTimeoutMs: 1, requestTimeoutMs: 1 }
  const admin = await driver.client(settings).admin()
  await admin.createTopics(['orders', 'audit'].map((topic) => ({ topic, partitions: 2 })))
  return driver
}

/** The values of both partitions, sorted. */
async function valuesOf(driver: Driver, name: string): Promise<string[]> {
  const values: string[] = []
  for await (const { value } of Topic(name, { conf: { driver } }).slice()) values.push(value)
  return values.toSorted((a, b) => a.localeCompare(b))
}

const topicsOf = (driver: Driver) =>
  [Topic('orders', { conf: { driver } }), Topic('audit', { conf: { driver } })] as const

test('records of several topics become visible together, and the result of the function is returned', async () => {
  const driver = await driverOf()
  const [orders, audit] = topicsOf(driver)
  const seen: string[][] = []
  const result = await transaction(async (write) => {
    await write(orders, 'a', { key: 'k' })
    await write(orders, 'b')
    await write(audit, 'ab')
    seen.push(await valuesOf(driver, 'orders'))
    return 7
  })
  expect(result).toBe(7)
  expect(seen).toEqual([[]])
  expect(await valuesOf(driver, 'orders')).toEqual(['a', 'b'])
  expect(await valuesOf(driver, 'audit')).toEqual(['ab'])
})

test('a function that throws writes nothing, and the next transaction goes on', async () => {
  const driver = await driverOf()
  const [orders] = topicsOf(driver)
  const failing = transaction(async (write) => {
    await write(orders, 'a')
    throw new Error('changed my mind')
  })
  await expect(failing).rejects.toThrow('changed my mind')
  await transaction((write) => write(orders, 'b'))
  expect(await valuesOf(driver, 'orders')).toEqual(['b'])
})

test('a record that is not awaited and not delivered aborts the transaction', async () => {
  const driver = await driverOf()
  const [orders] = topicsOf(driver)
  const failing = transaction((write) => {
    void write(orders, 'a')
    void write(orders, 'b', { partition: 9 })
  })
  await expect(failing).rejects.toMatchObject({ code: 'SINK_REFUSED', message: expect.stringContaining('partition 9') })
  expect(await valuesOf(driver, 'orders')).toEqual([])
})

test('records that are not awaited are committed', async () => {
  const driver = await driverOf()
  const [orders] = topicsOf(driver)
  await transaction((write) => {
    for (let i = 0; i < 100; i++) void write(orders, `${100 + i}`)
  })
  expect(await valuesOf(driver, 'orders')).toEqual(Array.from({ length: 100 }, (_, i) => `${100 + i}`))
})

test('transactions at the same time do not disturb each other', async () => {
  const driver = await driverOf()
  const [orders] = topicsOf(driver)
  await Promise.all(Array.from({ length: 20 }, (_, i) => transaction((write) => write(orders, `${10 + i}`))))
  expect(await valuesOf(driver, 'orders')).toEqual(Array.from({ length: 20 }, (_, i) => `${10 + i}`))
})

test('transactions with one id run one after another', async () => {
  const driver = await driverOf()
  const [orders] = topicsOf(driver)
  let running = 0
  const run = (value: string) =>
    transaction(
      async (write) => {
        expect(++running).toBe(1)
        await write(orders, value)
        running--
      },
      { transactionalId: 'billing' },
    )
  await Promise.all(['a', 'b', 'c'].map(run))
  expect(await valuesOf(driver, 'orders')).toEqual(['a', 'b', 'c'])
})

test('a transaction that the brokers aborted rejects, and wrote nothing', async () => {
  const memoryDriver = await driverOf()
  const abort = () => new SnapstreamError('TRANSACTION_ABORTED', 'it took too long')
  const driver = driverWith(memoryDriver, { transactionalProducer: () => ({ commit: () => Promise.reject(abort()) }) })
  const [orders] = topicsOf(driver)
  await expect(transaction((write) => write(orders, 'a'))).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' })
  expect(await valuesOf(memoryDriver, 'orders')).toEqual([])
})

test('wrong uses are refused by name', async () => {
  const driver = await driverOf()
  const [orders] = topicsOf(driver)
  const other = Topic('orders', { conf: { driver, lingerMs: 5 } })
  const noAcks = Topic('orders', { conf: { driver, acks: 1 } })
  // @ts-expect-error no function
  await expect(transaction('orders')).rejects.toThrow('transaction takes a function, got "orders"')
  // @ts-expect-error no topic
  await expect(transaction((write) => write('orders', 'a'))).rejects.toThrow(
    'a transaction writes to topics, got "orders"',
  )
  await expect(transaction((write) => write(noAcks, 'a'))).rejects.toThrow(
    "a transaction needs acks 'all', and acks is 1",
  )
  await expect(
    transaction(async (write) => {
      await write(orders, 'a')
      await write(other, 'b')
    }),
  ).rejects.toThrow('has other brokers or settings of the producer')
  let kept: ((topic: typeof orders, value: string) => Promise<void>) | undefined
  await transaction((write) => void (kept = write))
  await expect(kept?.(orders, 'late')).rejects.toThrow('a transaction that has ended takes no more records')
})
