import { DELETE } from '@snapstream/cache'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { collect } from './fixtures/collect.ts'
import { createFakeSource, type FakeSource } from './fixtures/fake-source.ts'
import { createLogBroker, type LogBroker } from './fixtures/log-broker.ts'
import { copyOf, startProcess } from './fixtures/store-process.ts'
import { Store, type StoreOptions } from './index.ts'

const TOPIC = 'g-counts-changelog'

async function setUp(options: StoreOptions<number> = {}, given: Partial<Parameters<typeof createFakeSource>[0]> = {}) {
  const broker = createLogBroker()
  const source = createFakeSource({ broker, partitions: 4, ...given })
  const disk = new MemoryLevel()
  const counts = Store<string, number>('counts', { folder: disk, ...options })
  const process = await startProcess([counts], source)
  const count = async (partition: number, key: string) => {
    const message = { partition, key }
    await process.handle(message, () => {
      const part = counts.of(message)
      part.put(key, (part.getSync(key) ?? 0) + 1)
    })
  }
  const read = async (partition: number, key: string) => {
    const message = { partition, key }
    let value: number | undefined
    await process.handle(message, () => (value = counts.of(message).getSync(key)))
    return value
  }
  return { broker, source, disk, counts, process, count, read }
}

/** The last value of each key in a partition of the changelog. */
function logged(broker: LogBroker, partition: number): Record<string, string | undefined> {
  const { records } = broker.topic(TOPIC, 4).partitions[partition]!
  return Object.fromEntries(records.flatMap((one) => (one ? [[one.key!.toString(), one.value?.toString()]] : [])))
}

async function checkpoint({
  process,
  source,
}: {
  process: { prepare(): void; commit(): Promise<void> }
  source?: FakeSource
}) {
  process.prepare()
  source?.prepare()
  source?.commit()
  await process.commit()
}

describe('the part of a message', () => {
  test('is that of its partition: the same key has a value in each part', async () => {
    const { process, count, read } = await setUp()
    await Promise.all([process.assign(0), process.assign(3)])
    await count(0, 'a')
    await count(0, 'a')
    await count(3, 'a')
    expect(await read(0, 'a')).toBe(2)
    expect(await read(3, 'a')).toBe(1)
  })

  test('has all reads of a cache', async () => {
    const { process, counts } = await setUp()
    await process.assign(1)
    const message = { partition: 1, key: '' }
    const origin = process.begin(message)
    const part = counts.of(message)
    for (const [i, key] of ['c', 'a', 'b'].entries()) part.put(key, i)
    part.del('c')
    expect(part.partition).toBe(1)
    expect(await part.get('a')).toBe(1)
    expect(await part.getMany(['a', 'c', 'b'])).toEqual([1, undefined, 2])
    expect([await part.has('a'), await part.has('c')]).toEqual([true, false])
    expect(await collect(part.entries())).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    expect(await collect(part.keys({ reverse: true }))).toEqual(['b', 'a'])
    expect(await collect(part.values({ gt: 'a' }))).toEqual([2])
    await process.release(origin)
  })

  test('takes [key, value], [key, value, { ttlMs }] and [key, DELETE] as a sink, and refuses other values', async () => {
    const { process, counts, read } = await setUp()
    await process.assign(0)
    const write = async (value: unknown) => {
      const origin = process.begin({ partition: 0, key: '' })
      process.writers[0]!.write(value as never, origin)
      await process.release(origin)
    }
    await write(['a', 1])
    expect(await read(0, 'a')).toBe(1)
    await write(['a', DELETE])
    expect(await read(0, 'a')).toBe(undefined)
    await write(['a', 2, { ttlMs: 60_000 }])
    expect(await read(0, 'a')).toBe(2)
    await expect(write('a')).rejects.toMatchObject({ code: 'SINK_REFUSED' })
    await expect(write([NaN, 1])).rejects.toMatchObject({ code: 'USAGE' })
    expect(() => process.writers[0]!.write(['a', 1] as never)).toThrow(/without its message/)
    void counts
  })

  test('is not for a value that is no message in flight', async () => {
    const { process, counts } = await setUp()
    await process.assign(0)
    const message = { partition: 0, key: '' }
    for (const other of [message, undefined, { ...message }])
      expect(() => counts.of(other)).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error)
    const origin = process.begin(message)
    const part = counts.of(message)
    await process.release(origin)
    expect(() => counts.of(message)).toThrow(/of\(\) takes the message that is being handled/)
    expect(() => part.put('a', 1)).toThrow(/after its message had been handled/)
    // The cursor of a message is used again for the next one.
    process.begin({ partition: 0, key: 'next' })
    expect(() => part.del('a')).toThrow(/after its message had been handled/)
  })

  test('is refused while two bindings handle the message at once', async () => {
    const { process, counts } = await setUp()
    await process.assign(0)
    const message = { partition: 0, key: '' }
    const [one, other] = [process.begin(message), process.begin(message)]
    expect(() => counts.of(message)).toThrow(/two bindings that use the store "counts"/)
    await process.release(other)
    counts.of(message).put('a', 1)
    await process.release(one)
    expect(() => counts.of(message)).toThrow(/of\(\) takes the message/)
  })
})

describe('the writes of a message', () => {
  test('are undone when its handler fails, whatever is written meanwhile', async () => {
    const { process, counts, read, source, broker } = await setUp()
    await process.assign(0)
    const [failing, other] = [
      { partition: 0, key: 'failing' },
      { partition: 0, key: 'other' },
    ]
    const first = process.begin(failing)
    counts.of(failing).put('a', 1)
    counts.of(failing).put('b', 1)
    const second = process.begin(other)
    expect(counts.of(other).getSync('a')).toBe(1)
    counts.of(other).put('a', 2)
    process.undo(first)
    expect(await read(0, 'a')).toBe(2)
    expect(await read(0, 'b')).toBe(undefined)
    await process.release(first)
    await process.release(second)
    source.deliver()
    expect(logged(broker, 0)).toEqual({ '0a': '2' })
  })

  test('go to the changelog when it counts as handled, the last one of each key', async () => {
    const { process, counts, source, broker } = await setUp()
    await process.assign(2)
    const message = { partition: 2, key: '' }
    const origin = process.begin(message)
    for (const value of [1, 2, 3]) counts.of(message).put('a', value)
    counts.of(message).put('b', 1)
    source.deliver()
    expect(logged(broker, 2)).toEqual({})
    await process.release(origin)
    source.deliver()
    expect(broker.topic(TOPIC, 4).partitions[2]!.records.map((one) => one?.value?.toString())).toEqual(['3', '1'])
  })

  test('belong to its last attempt', async () => {
    const { process, counts, read } = await setUp()
    await process.assign(0)
    const message = { partition: 0, key: '' }
    const origin = process.begin(message)
    counts.of(message).put('a', 1)
    process.undo(origin)
    process.writers[0]!.state!.begin(origin)
    counts.of(message).put('b', 2)
    await process.release(origin)
    expect([await read(0, 'a'), await read(0, 'b')]).toEqual([undefined, 2])
  })
})

describe('a part that is given up', () => {
  test('drops the writes of messages in flight, which are of no message any more', async () => {
    const { process, counts, read } = await setUp()
    await process.assign(0)
    const message = { partition: 0, key: '' }
    process.begin(message)
    const part = counts.of(message)
    part.put('a', 1)
    process.revoke(0, 'lost')
    expect(() => counts.of(message)).toThrow(/of\(\) takes the message/)
    expect(() => part.getSync('a')).toThrow(/part 0 of the store "counts" is not open in this process/)
    expect(() => part.put('a', 2)).toThrow(/after its message had been handled/)
    await process.assign(0)
    expect(await read(0, 'a')).toBe(undefined)
  })

  test('gives the memory of its writes back', async () => {
    let asked = 0
    const source = createFakeSource({ broker: createLogBroker(), partitions: 1 })
    const store = Store<string, string>('s', { folder: new MemoryLevel(), bufferBytes: 1500 })
    const process = await startProcess([store], source, { checkpoint: () => void asked++ })
    for (let round = 0; round < 5; round++) {
      await process.assign(0)
      const message = { partition: 0, key: '' }
      await process.handle(message, () => store.of(message).put(`key ${round}`, 'x'.repeat(500)))
      process.revoke(0, 'lost')
    }
    expect(asked).toBe(0)
  })
})

describe('a checkpoint', () => {
  test('writes what was released before it, with the offset behind exactly these records', async () => {
    let acknowledge = () => {}
    const { process, count, disk, broker, source, read } = await setUp(
      {},
      {
        acknowledge: () => new Promise((resolve) => (acknowledge = resolve)),
      },
    )
    await process.assign(0)
    await count(0, 'a')
    process.prepare()
    const commit = process.commit()
    await count(0, 'a')
    await count(0, 'b')
    acknowledge()
    await commit
    const copy = await copyOf(disk)
    expect(await read(0, 'a')).toBe(2)
    // The process is killed: another one starts on what is on disk, without the changelog behind it.
    const log = broker.topic(TOPIC, 4).partitions[0]!.records.splice(1)
    expect(log.length).toBe(2)
    const again = Store<string, number>('counts', { folder: copy })
    const other = await startProcess([again], createFakeSource({ broker, partitions: 4 }))
    await other.assign(0)
    const message = { partition: 0, key: '' }
    other.begin(message)
    expect(again.of(message).getSync('a')).toBe(1)
    expect(again.of(message).getSync('b')).toBe(undefined)
    void source
  })

  test('rejects with the error of a record that was not delivered, and writes nothing', async () => {
    const { process, count, disk, source } = await setUp()
    await process.assign(0)
    await count(0, 'a')
    source.failure = new Error('too large')
    process.prepare()
    const before = (await disk.keys().all()).length
    await expect(process.commit()).rejects.toThrow('too large')
    expect((await disk.keys().all()).length).toBe(before)
  })

  test('is asked for when the buffer is half full, while messages go on', async () => {
    let asked = 0
    const source = createFakeSource({ broker: createLogBroker(), partitions: 1 })
    const store = Store<string, string>('s', { folder: new MemoryLevel(), bufferBytes: 4000 })
    const process = await startProcess([store], source, { checkpoint: () => void asked++ })
    await process.assign(0)
    const write = async (key: string) => {
      const message = { partition: 0, key: '' }
      await process.handle(message, () => store.of(message).put(key, 'x'.repeat(700)))
    }
    await write('a')
    await write('b')
    expect(asked).toBe(0)
    await write('c')
    expect(asked).toBe(1)
    await checkpoint({ process })
    await write('d')
    expect(asked).toBe(1)
    process.revoke(0, 'lost')
    await process.assign(0)
    for (const key of ['e', 'f', 'g']) await write(key)
    expect(asked).toBe(2)
  })

  test('is asked for when the buffer is full, and messages wait for it', async () => {
    let asked = 0
    const broker = createLogBroker()
    const source = createFakeSource({ broker, partitions: 1 })
    const store = Store<string, string>('s', { folder: new MemoryLevel(), bufferBytes: 1000 })
    const process = await startProcess([store], source, { checkpoint: () => void asked++ })
    await process.assign(0)
    const message = { partition: 0, key: '' }
    let released = false
    const origin = process.begin(message)
    store.of(message).put('a', 'x'.repeat(2000))
    const release = process.release(origin).then(() => (released = true))
    await new Promise(setImmediate)
    expect([asked, released]).toEqual([1, false])
    await checkpoint({ process })
    await release
    expect(asked).toBe(1)
  })
})

describe('with exactly once', () => {
  test('an abort drops everything since the last commit', async () => {
    const { process, count, read, source, broker } = await setUp({}, { exactlyOnce: true })
    await process.assign(0)
    await count(0, 'a')
    await checkpoint({ process, source })
    await count(0, 'a')
    await count(0, 'b')
    process.prepare()
    await count(0, 'a')
    process.abort()
    source.abort()
    expect(await read(0, 'a')).toBe(1)
    expect(await read(0, 'b')).toBe(undefined)
    await count(0, 'a')
    await checkpoint({ process, source })
    expect(logged(broker, 0)).toEqual({ '0a': '2' })
  })

  test('a commit writes nothing that belongs to the next transaction', async () => {
    const { process, count, read, source } = await setUp({}, { exactlyOnce: true })
    await process.assign(0)
    await count(0, 'a')
    process.prepare()
    source.prepare()
    await count(0, 'a')
    source.commit()
    await process.commit()
    process.abort()
    source.abort()
    expect(await read(0, 'a')).toBe(1)
  })
})

describe('opening', () => {
  test('refuses sources without partitions, and names what to do', async () => {
    const store = Store('s', { folder: new MemoryLevel() })
    await expect(startProcess([store], [1, 2])).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('bind topics with a groupId') as string,
    })
  })

  test('refuses two stores with the same name, and a folder of another group', async () => {
    const broker = createLogBroker()
    const source = createFakeSource({ broker, partitions: 1 })
    const [one, other] = [Store('s', { folder: new MemoryLevel() }), Store('s', { folder: new MemoryLevel() })]
    await expect(startProcess([one, other], source)).rejects.toThrow(/two stores of this stream have the name "s"/)
    const folder = new MemoryLevel()
    await (await startProcess([Store('s', { folder })], source)).close()
    await expect(
      startProcess([Store('s', { folder })], createFakeSource({ broker, partitions: 1, group: 'h' })),
    ).rejects.toThrow(/has the stores of the group "g", and this stream reads as the group "h"/)
  })

  test('refuses a folder that another stream has open, and says that each needs one', async () => {
    const source = createFakeSource({ broker: createLogBroker(), partitions: 1 })
    const store = Store('s', { folder: new MemoryLevel() })
    await startProcess([store], source)
    await expect(startProcess([store], source)).rejects.toMatchObject({
      code: 'CACHE_LOCKED',
      message: expect.stringContaining('Each process needs a folder of its own') as string,
    })
  })

  test.each([
    [{ folder: '' }, /folder is a folder or an abstract-level database/],
    [{ ttl: 1 }, /the options are folder, codec/],
    [{ syncMs: 0 }, /syncMs is a number of milliseconds above 0, got 0/],
    [{ changelog: 1 }, /changelog is true, false or/],
    [{ changelog: false, exactlyOnce: true }, /exactlyOnce needs the changelog/],
    [{ changelog: false, standbys: 1 }, /standbys follow the changelog/],
    [{ standbys: -1 }, /standbys is a whole number/],
    [{ changelog: { replicationFactor: 0 } }, /replicationFactor is a whole number above 0/],
  ])('refuses the options %j', (options, message) => {
    expect(() => Store('s', options as never)).toThrow(message)
  })

  test('refuses a name that cannot be in that of a topic', () => {
    for (const name of ['', 'a b', 'a/b', 'ä', 1 as never]) expect(() => Store(name)).toThrow(/the name of a store has/)
  })
})
