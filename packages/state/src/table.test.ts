import { Buffer } from 'node:buffer'
import { createVirtualHost } from '@snapstream/core/testing'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { collect } from './fixtures/collect.ts'
import { createFakeTopic } from './fixtures/fake-table.ts'
import { createLogBroker, record } from './fixtures/log-broker.ts'
import { copyOf, startProcess } from './fixtures/store-process.ts'
import { GlobalTable, Table, type TableReads } from './index.ts'

const ORDERS = {}

async function startTable(options: { readonly isAsync?: boolean; readonly cleanupMs?: number } = {}) {
  const broker = createLogBroker()
  const { isAsync = false, cleanupMs } = options
  const topic = createFakeTopic(broker, { isAsync })
  const disk = new MemoryLevel()
  const start = async (folder = disk) => {
    const host = createVirtualHost()
    const table = Table(topic, { folder, cleanupMs })
    const process = await startProcess([table], ORDERS, { host })
    const read = async <T>(
      partition: number,
      how: (part: TableReads<string, unknown>) => T | Promise<T>,
    ): Promise<T> => {
      const message = { partition, key: '' }
      const origin = process.begin(message)
      try {
        return await how(table.of(message))
      } finally {
        await process.release(origin)
      }
    }
    return {
      ...process,
      table,
      host,
      read,
      entries: (partition: number) => read(partition, (part) => collect(part.entries())),
    }
  }
  return { broker, topic, disk, start }
}

describe('a table', () => {
  test('has the partitions of its lanes before a message is handled', async () => {
    const { topic, start } = await startTable()
    topic.put(0, { ann: 1, bob: 2, eve: 3, dan: 4, ann2: 5 })
    topic.put(0, { ann: 6, bob: null })
    topic.put(1, { tom: 7 })
    const { assign, entries, progress, writers, read } = await start()
    await assign(0)
    expect(await entries(0)).toEqual([
      ['ann', 6],
      ['ann2', 5],
      ['dan', 4],
      ['eve', 3],
    ])
    expect(progress.at(-1)).toEqual({ store: 'customers', partition: 0, role: 'active', done: 7, of: 7 })
    expect(writers[0]!.state!.restoring()).toEqual([])
    expect(await read(0, (part) => [part.getSync('ann'), part.getSync('bob'), part.getSync('tom')])).toEqual([
      6,
      undefined,
      undefined,
    ])
    expect(
      await read(0, async (part) => [await part.get('ann'), await part.has('ann'), await part.has('bob')]),
    ).toEqual([6, true, false])
    expect(topic.opened.map(({ sources }) => sources)).toEqual([[ORDERS]])
  })

  test('is kept up to date', async () => {
    const { topic, start } = await startTable()
    const { assign, read } = await start()
    await assign(0)
    expect(await read(0, (part) => part.getSync('ann'))).toBeUndefined()
    topic.put(0, { ann: 1 })
    await expect.poll(() => read(0, (part) => part.getSync('ann'))).toBe(1)
    topic.put(0, { ann: null })
    await expect.poll(() => read(0, (part) => part.getSync('ann'))).toBeUndefined()
  })

  test('has entries in the order of their keys, by ranges', async () => {
    const { topic, start } = await startTable()
    topic.put(0, { c: 3, a: 1, d: 4, b: 2 })
    const { assign, read } = await start()
    await assign(0)
    const keys = (range: object) =>
      read(0, async (part) => (await collect(part.entries(range))).map(([key]) => key).join(''))
    expect(await keys({})).toBe('abcd')
    expect(await keys({ gt: 'a', lte: 'c' })).toBe('bc')
    expect(await keys({ gte: 'b', lt: 'd', reverse: true })).toBe('cb')
    expect(await keys({ limit: 2 })).toBe('ab')
  })

  test('reads only what is new after a restart', async () => {
    const { topic, disk, start } = await startTable()
    topic.put(0, { a: 1, b: 2, c: 3 })
    const first = await start()
    await first.assign(0)
    topic.put(0, { d: 4 })
    await expect.poll(() => first.read(0, (part) => part.getSync('d'))).toBe(4)
    const copy = await copyOf(disk)
    await first.close()
    topic.put(0, { e: 5 })
    const second = await start(copy)
    await second.assign(0)
    expect((await second.entries(0)).map(([key]) => key)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(second.progress.at(-1)).toMatchObject({ done: 1, of: 1 })
  })

  test('goes on from its end when a partition comes back', async () => {
    const { topic, start } = await startTable()
    topic.put(0, { a: 1 })
    const { assign, revoke, entries, table } = await start()
    await assign(0)
    const message = { partition: 0, key: '' }
    revoke(0)
    expect(() => table.of(message)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    topic.put(0, { b: 2 })
    await assign(0)
    expect(await entries(0)).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  test('that was kept in a variable refuses reads once its partition is given up', async () => {
    const { start } = await startTable()
    const { assign, revoke, read } = await start()
    await assign(0)
    const part = await read(0, (one) => [one])
    revoke(0)
    expect(() => part[0]!.getSync('a')).toThrow(
      expect.objectContaining({
        code: 'NOT_OPEN',
        message: expect.stringContaining('part 0 of the table "customers"') as string,
      }),
    )
  })

  test('leaves records without a key out, and says so', async () => {
    const { broker, topic, start } = await startTable()
    topic.put(0, { a: 1 })
    broker.append(broker.topic('customers', 2), 0, [record(null, '2'), record(null, '2'), record('b', '3')])
    const { assign, entries, troubles } = await start()
    await assign(0)
    expect(await entries(0)).toEqual([
      ['a', 1],
      ['b', 3],
    ])
    expect(troubles).toEqual([
      expect.objectContaining({
        code: 'SINK_REFUSED',
        message:
          'the table "customers" leaves out records without a key, 2 so far, as they belong to no entry (the last one is before the offset 3 of the partition 0); write them with a key',
      }),
    ])
  })

  test('keeps values that look like those of a store', async () => {
    const broker = createLogBroker()
    const topic = createFakeTopic(broker)
    const value = Buffer.concat([Buffer.from('\u000Esn'), Buffer.alloc(14, 1)])
    broker.append(broker.topic('customers', 2), 0, [record('a', value)])
    const bytes = {
      ...topic,
      '~snapstream.table': (options: Parameters<(typeof topic)['~snapstream.table']>[0]) => ({
        ...(topic['~snapstream.table'](options) as object),
        decodeValue: (stored: Uint8Array) => Buffer.from(stored),
      }),
    } as unknown as typeof topic
    const table = Table(bytes, { folder: new MemoryLevel() })
    const { assign, begin } = await startProcess([table], ORDERS)
    await assign(0)
    const message = { partition: 0, key: '' }
    begin(message)
    expect(table.of(message).getSync('a')).toEqual(value)
  })

  test('with an asynchronous codec has get, and getSync says so', async () => {
    const { topic, start } = await startTable({ isAsync: true })
    topic.put(0, { a: 1 })
    const { assign, read, entries } = await start()
    await assign(0)
    expect(await read(0, (part) => part.get('a'))).toBe(1)
    expect(await entries(0)).toEqual([['a', 1]])
    await expect(read(0, (part) => part.getSync('a'))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message:
        'part 0 of the table "customers" cannot do getSync(): the codec of its topic is asynchronous; use await get(key)',
    })
  })

  test('is rebuilt when its topic lost the records behind it, and says so', async () => {
    const { broker, topic, disk, start } = await startTable()
    topic.put(0, { a: 1, b: 2 })
    const first = await start()
    await first.assign(0)
    await first.close()
    topic.put(0, { c: 3, d: 4 })
    broker.topic('customers', 2).partitions[0]!.start = 3
    await disk.open()
    const second = await start(disk)
    await second.assign(0)
    expect(await second.entries(0)).toEqual([['d', 4]])
    expect(second.troubles).toMatchObject([{ code: 'OFFSET_OUT_OF_RANGE' }])
  })

  test('that cannot go on refuses its reads, and ends the stream', async () => {
    const { broker, topic, start } = await startTable()
    const { assign, read, writers } = await start()
    await assign(0)
    const log = broker.topic('customers', 2).partitions[0]!
    log.start = 1
    topic.put(0, { a: 1 })
    await expect
      .poll(() => read(0, (part) => part.getSync('a')).catch((error: unknown) => error))
      .toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    expect(() => writers[0]!.flush({ id: 1, positions: new Map() })).toThrow(
      expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE' }),
    )
  })

  test('is not written', async () => {
    const { start } = await startTable()
    const { writers } = await start()
    expect(() => writers[0]!.write(1 as never)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: 'the table "customers" is read only, got 1; name the table in `use`, and bind its topic as the sink',
      }),
    )
  })

  test('removes the files of a partition that has belonged to another process for a while', async () => {
    const { topic, disk, start } = await startTable({ cleanupMs: 1000 })
    topic.put(0, { a: 1 })
    topic.put(1, { b: 1 })
    const { assign, revoke, host, entries } = await start()
    await assign(0)
    await assign(1)
    revoke(0)
    await host.advance(999)
    const stored = async () => (await disk.keys().all()).filter((key) => key.includes('P0\0'))
    expect(await stored()).not.toEqual([])
    await host.advance(1)
    await expect.poll(stored).toEqual([])
    expect(await entries(1)).toEqual([['b', 1]])
  })

  test('follows a partition that will move here, and then has its tail to read', async () => {
    const { topic, start } = await startTable()
    topic.put(0, { a: 1, b: 2, c: 3, d: 4 })
    const { assign, entries, progress } = await start()
    const [log] = topic.opened
    expect([...log!.held()]).toEqual([])
    log!.standby([0])
    await expect.poll(() => topic.warm).toEqual([0])
    expect([...log!.held()]).toEqual([[0, 4]])
    expect(progress.at(-1)).toMatchObject({ role: 'standby', done: 4, of: 4 })
    topic.put(0, { e: 5 })
    log!.standby([])
    await assign(0)
    expect(await entries(0)).toHaveLength(5)
    const restored = progress.filter(({ role }) => role === 'active').map(({ of }) => of)
    expect(Math.max(0, ...restored)).toBeLessThanOrEqual(1)
  })

  test('tells the group what it has on disk after a restart', async () => {
    const { topic, disk, start } = await startTable()
    topic.put(1, { a: 1, b: 2 })
    const first = await start()
    await first.assign(1)
    await start(await copyOf(disk))
    expect([...topic.opened[1]!.held()]).toEqual([[1, 2]])
  })

  test('refuses what is no topic, and unknown options', () => {
    const topic = createFakeTopic(createLogBroker())
    expect(() => Table('customers' as never)).toThrow(
      `Table takes a topic, got "customers"; for example Table(Topic('customers'))`,
    )
    expect(() => Table(topic, { ttlMs: 1 } as never)).toThrow(
      'the options are folder, cleanupMs, syncMs, versionedMs, got "ttlMs"',
    )
    expect(() => GlobalTable(topic, { cleanupMs: 0 })).toThrow('cleanupMs is a number of milliseconds above 0, got 0')
  })

  test('refuses two objects for one topic', async () => {
    const topic = createFakeTopic(createLogBroker())
    const folder = new MemoryLevel()
    await expect(startProcess([Table(topic, { folder }), Table(topic, { folder })], ORDERS)).rejects.toMatchObject({
      code: 'USAGE',
      message:
        'this stream has two objects for the table "customers"; make one, and name it in the use of all bindings',
    })
  })
})

describe('a global table', () => {
  async function startGlobal(partitions = 3) {
    const broker = createLogBroker()
    const topic = createFakeTopic(broker, { partitions })
    const table = GlobalTable(topic, { folder: new MemoryLevel() })
    return { broker, topic, table, start: () => startProcess([table], ORDERS) }
  }

  test('has all partitions before a message is handled, and is kept up to date', async () => {
    const { topic, table, start } = await startGlobal()
    topic.put(0, { abc: 1 })
    topic.put(1, { a: 2, b: 3 })
    // Another client has put it there.
    topic.put(2, { x: 4 })
    const { assign, progress } = await start()
    await assign(0)
    expect(topic.opened.map(({ sources }) => sources)).toEqual([undefined])
    expect(['abc', 'a', 'x', 'none'].map((key) => table.getSync(key))).toEqual([1, 2, 4, undefined])
    expect(await Promise.all([table.get('abc'), table.get('x'), table.has('x'), table.has('none')])).toEqual([
      1,
      4,
      true,
      false,
    ])
    expect(await collect(table.entries())).toEqual([
      ['a', 2],
      ['abc', 1],
      ['b', 3],
      ['x', 4],
    ])
    expect(await collect(table.entries({ reverse: true, limit: 2 }))).toEqual([
      ['x', 4],
      ['b', 3],
    ])
    expect(progress.map(({ partition }) => partition)).toEqual(expect.arrayContaining([0, 1, 2]))
    topic.put(0, { abc: null, new: 5 })
    await expect.poll(() => [table.getSync('abc'), table.getSync('new')]).toEqual([undefined, 5])
  })

  test('says that it is not ready, and that it is not open', async () => {
    const { topic, table, start } = await startGlobal()
    await expect(table.get('a')).rejects.toMatchObject({
      code: 'NOT_OPEN',
      message: expect.stringContaining('name it in the use of a binding') as string,
    })
    topic.put(0, { abc: 1 })
    const { assign, close } = await start()
    await expect(table.get('abc')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'the global table "customers" is not read to its end yet; try again',
    })
    await assign(0)
    expect(await table.get('abc')).toBe(1)
    await close()
    expect(() => table.getSync('abc')).toThrow(expect.objectContaining({ code: 'NOT_OPEN' }))
  })
})
