import { createApp } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import { MemoryLevel } from 'memory-level'
import { afterEach, describe, expect, test } from 'vitest'
import { createFakeTopic } from './fixtures/fake-table.ts'
import { createLogBroker, record } from './fixtures/log-broker.ts'
import { copyOf, startProcess } from './fixtures/store-process.ts'
import { GlobalTable, Table, type TablePartReads } from './index.ts'

afterEach(() => Conf.reset())

/** Starts tables with versions over one topic. */
function setUp(versionedMs?: number, isAsync = false) {
  const broker = createLogBroker()
  const topic = createFakeTopic(broker, { isAsync })
  const put = (at: number, entries: Readonly<Record<string, unknown>>) =>
    broker.append(
      broker.topic('customers', 2),
      0,
      Object.entries(entries).map(([key, value]) => record(key, value === null ? null : JSON.stringify(value), at)),
    )
  const start = async (folder: MemoryLevel) => {
    const table = Table(topic, { folder, versionedMs })
    const process = await startProcess([table], {})
    await process.assign(0)
    const read = async <T>(how: (part: TablePartReads<string, unknown>) => T | Promise<T>): Promise<T> => {
      const message = { partition: 0, key: '' }
      const origin = process.begin(message)
      try {
        return await how(table.of(message))
      } finally {
        await process.release(origin)
      }
    }
    return { process, read, at: (key: string, time: number) => read((part) => part.getAsOf(key, time)) }
  }
  return { put, start }
}

describe('a table with versions', () => {
  test('tells the value that a key had at a time, also in the next process, and from the topic', async () => {
    const { put, start } = setUp(100)
    put(10, { eur: 1, usd: 7 })
    put(30, { eur: 3 })
    // It comes late.
    put(20, { eur: 2 })
    put(40, { usd: null })
    const disk = new MemoryLevel()
    const one = await start(disk)
    const seen = async ({ at, read }: typeof one) => [
      await Promise.all([9, 10, 19, 20, 30, 1e15].map((time) => at('eur', time))),
      await Promise.all([10, 39, 40].map((time) => at('usd', time))),
      await at('gbp', 50),
      await read(async (part) => [await part.get('eur'), part.getSync('usd'), await part.has('eur')]),
    ]
    const expected = [[undefined, 1, 1, 2, 3, 3], [7, 7, undefined], undefined, [3, undefined, true]]
    expect(await seen(one)).toEqual(expected)
    await one.process.close()
    const again = await start(disk)
    expect(await seen(again)).toEqual(expected)
    expect(again.process.progress).toEqual([])
    expect(await seen(await start(new MemoryLevel()))).toEqual(expected)
  })

  test('follows new records, and drops what is too old', async () => {
    const { put, start } = setUp(100)
    put(10, { eur: 1 })
    put(20, { eur: 2 })
    put(30, { gone: 1 })
    put(31, { gone: null })
    const disk = new MemoryLevel()
    const { at } = await start(disk)
    expect([await at('eur', 15), await at('gone', 30)]).toEqual([1, 1])
    put(200, { eur: 3 })
    await expect.poll(() => at('eur', 200)).toBe(3)
    // That of 10 ended at 20, that of 20 is valid within the last 100 ms.
    expect([await at('eur', 15), await at('eur', 150)]).toEqual([undefined, 2])
    // The deletion was found when a batch came.
    expect(await at('gone', 30)).toBe(undefined)
    const left = (await (await copyOf(disk)).keys({ keyEncoding: 'utf8' }).all()).filter((key) => key.includes('gone'))
    expect(left).toEqual([])
  })

  test('refuses what it cannot tell', async () => {
    const { start } = setUp()
    const without = await start(new MemoryLevel())
    await expect(without.at('eur', 1)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('give the table versionedMs'),
    })
    const asynchronous = setUp(100, true)
    asynchronous.put(1, { eur: 1 })
    const { at } = await asynchronous.start(new MemoryLevel())
    await expect(at('eur', 1)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(at('eur', NaN)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('NaN') })
    const topic = createFakeTopic(createLogBroker())
    expect([Table(topic).versionedMs, Table(topic, { versionedMs: 5 }).versionedMs]).toEqual([undefined, 5])
    expect(() => Table(topic, { versionedMs: 0 })).toThrow('versionedMs is a number of milliseconds above 0, got 0')
    expect(() => GlobalTable(topic, { versionedMs: 1 } as never)).toThrow('the options are folder, cleanupMs, syncMs')
  })

  test('gives each record the value of its time, in an app', async () => {
    Conf({ groupId: 'shop' })
    const rates = Table(Topic('rates'), { versionedMs: 3_600_000 })
    const app = createApp()
    const seen: unknown[] = []
    app.snap(Topic('orders'), { use: [rates] })((order) => {
      seen.push([order.timestamp, rates.of(order).getAsOf(order.key!, order.timestamp)])
    })
    await using world = createTestApp({ app })
    for (const timestamp of [1000, 2000, 3000])
      await world.topic('rates').pipe(`rate ${timestamp}`, { key: 'EUR', timestamp })
    await world.start()
    for (const timestamp of [500, 1500, 2000, 9000]) await world.topic('orders').pipe('x', { key: 'EUR', timestamp })
    await world.advance(1000)
    expect(seen).toEqual([
      [500, undefined],
      [1500, 'rate 1000'],
      [2000, 'rate 2000'],
      [9000, 'rate 3000'],
    ])
  })
})
