import { Buffer } from 'node:buffer'
import { BytesCodec } from '@snapstream/core'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { createFailingLevel } from '../fixtures/failing-level.ts'
import { stopClock } from '../fixtures/clock.ts'
import { checkpoint, collect, openSink, openSource } from '../fixtures/protocol.ts'
import { Cache, type CacheOptions } from '../index.ts'

async function setUp(options: CacheOptions<number> = {}) {
  const level = createFailingLevel()
  const cache = Cache<string, number>(level.db, options)
  await cache.open()
  const stored = () => level.db.keys<Uint8Array>({ keyEncoding: 'view' }).all()
  return { level, cache, stored, sink: await openSink(cache), clock: stopClock() }
}

describe('an entry that expires', () => {
  test.each(['stored', 'buffered'])('is invisible to every read after its expiry: %s', async (where) => {
    const { cache, sink, clock } = await setUp()
    await sink.write(['a', 1, { ttlMs: 1000 }])
    await sink.write(['b', 2])
    if (where === 'stored') await sink.flush(checkpoint)
    clock.pass(999)
    expect(await cache.getMany(['a', 'b'])).toEqual([1, 2])
    expect([await cache.has('a'), cache.getSync('a'), await cache.get('a')]).toEqual([true, 1, 1])
    await using then = cache.snapshot()
    clock.pass(1)
    expect(await cache.getMany(['a', 'b'])).toEqual([undefined, 2])
    expect([await cache.has('a'), cache.getSync('a'), await cache.get('a')]).toEqual([false, undefined, undefined])
    expect(await collect(cache.entries({ limit: 1 }))).toEqual([['b', 2]])
    expect((await cache.stats()).entries).toBe(1)
    // A snapshot keeps the entries of its moment, even if they expire later.
    expect(await collect(then.keys())).toEqual(['a', 'b'])
    expect([await then.has('a'), then.getSync('a')]).toEqual([true, 1])
    await then.close()
    await cache.close()
  })

  test('gets its expiry from the cache or the entry, whichever method writes it', async () => {
    const { cache, sink, clock } = await setUp({ ttlMs: 1000 })
    await cache('a', 1)
    await cache('b', 1, { ttlMs: 2000 })
    await cache('c', 1, { ttlMs: Infinity })
    await cache.batch([
      { type: 'put', key: 'd', value: 1 },
      { type: 'put', key: 'e', value: 1, ttlMs: 2000 },
    ])
    await cache.transaction(['f', 'g'], (transaction) => {
      transaction.put('f', 1)
      transaction.put('g', 1, { ttlMs: 2000 })
    })
    await sink.write(['h', 1])
    await sink.write(['i', 1, { ttlMs: 2000 }])
    clock.pass(1000)
    expect(await collect(cache.keys())).toEqual(['b', 'c', 'e', 'g', 'i'])
    clock.pass(1000)
    expect(await collect(cache.keys())).toEqual(['c'])
    await cache.close()
  })

  test.each([[{ ttlMs: 0 }], [{ ttlMs: '1' }], [{ ttl: 1 }], [1], [null]])('refuses %j', async (options) => {
    const { cache } = await setUp()
    await expect(cache('a', 1, options as object)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('ttlMs') as string,
    })
    expect(cache.getSync('a')).toBeUndefined()
    await cache.close()
  })

  test('is removed by later batches, which read no other entries', async () => {
    const { level, cache, sink, stored, clock } = await setUp()
    for (let i = 0; i < 5000; i++) await sink.write([`key ${i}`, i, { ttlMs: 1000 + i }])
    await sink.write(['last', 1])
    await sink.flush(checkpoint)
    expect(await stored()).toHaveLength(10_001)
    clock.pass(500)
    const batches = level.batches.length
    await sink.flush(checkpoint)
    expect(level.batches).toHaveLength(batches)
    clock.pass(1000)
    await sink.flush(checkpoint)
    expect(await stored()).toHaveLength(10_001 - 2 * 501)
    clock.pass(10_000)
    // Each flush removes a bounded number of entries.
    const sizes = level.batches.length
    for (let i = 0; i < 10; i++) await sink.flush(checkpoint)
    expect(level.batches.slice(sizes).map(({ size }) => size)).toEqual([2000, 2000, 2000, 2000, 998])
    expect(await stored()).toHaveLength(1)
    await cache.close()
  })

  test('has the expiry of its last write', async () => {
    const { cache, sink, stored, clock } = await setUp()
    await cache('a', 1, { ttlMs: 1000 })
    await cache('b', 1, { ttlMs: 1000 })
    await cache('c', 1, { ttlMs: 1000 })
    await cache('d', 1, { ttlMs: 1000 })
    await cache('a', 2, { ttlMs: 3000 })
    await cache('b', 2)
    await cache.del('c')
    clock.pass(1000)
    // The batch that writes the entry again also removes its expired index entry.
    await sink.write(['d', 2])
    await sink.flush(checkpoint)
    expect(await collect(cache.entries())).toEqual([
      ['a', 2],
      ['b', 2],
      ['d', 2],
    ])
    expect(await stored()).toHaveLength(4)
    clock.pass(2000)
    await sink.flush(checkpoint)
    expect(await collect(cache.keys())).toEqual(['b', 'd'])
    expect(await stored()).toHaveLength(2)
    await cache.close()
  })

  test('expires also when the cache was closed meanwhile and is opened without the option', async () => {
    const db = new MemoryLevel()
    const clock = stopClock()
    const first = Cache<string, Uint8Array>(db, { ttlMs: 1000, codec: BytesCodec() })
    await db.open()
    await first.open()
    await first('a', Buffer.from([1]))
    await first('b', Buffer.from([2]), { ttlMs: 5000 })
    await first.close()
    const second = Cache<string, Uint8Array>(db, { codec: BytesCodec() })
    await second.open()
    expect(second.getSync('a')).toEqual(Buffer.from([1]))
    clock.pass(1000)
    expect(await second.has('a')).toBe(false)
    expect(await collect(second.entries())).toEqual([['b', Buffer.from([2])]])
    await second('c', Buffer.from([3]))
    expect(await db.keys().all()).toHaveLength(3)
    await second.close()
    await db.close()
  })

  test('is removed later if its removal fails', async () => {
    const { level, cache, stored, clock } = await setUp()
    await cache('a', 1, { ttlMs: 1000 })
    clock.pass(1000)
    level.error = new Error('disk full')
    await expect(cache('b', 1)).rejects.toMatchObject({ code: 'CACHE_FAILED' })
    level.error = undefined
    await cache('c', 1)
    expect(await stored()).toHaveLength(2)
    await cache.close()
  })

  test('is removed by compact() at once', async () => {
    const { cache, sink, stored, clock } = await setUp({ ttlMs: 1000 })
    for (let i = 0; i < 3000; i++) await sink.write([`key ${i}`, i])
    await sink.flush(checkpoint)
    clock.pass(1000)
    await sink.write(['buffered', 1])
    await cache.compact()
    expect(await stored()).toHaveLength(0)
    expect(cache.getSync('buffered')).toBe(1)
    await cache.close()
  })

  test('is skipped by a live view that reads it too late', async () => {
    const { cache, sink, clock } = await setUp()
    const reader = await openSource(cache)
    await sink.write(['a', 1, { ttlMs: 1000 }])
    await sink.write(['b', 2])
    clock.pass(1000)
    expect((await reader.read())?.messages).toEqual([['b', 2]])
    await sink.write(['c', 3, { ttlMs: 1000 }])
    clock.pass(1000)
    const pending = Promise.resolve(reader.read())
    await sink.write(['d', 4])
    expect((await pending)?.messages).toEqual([['d', 4]])
    await reader.close()
    await cache.close()
  })

  test('adds nothing on disk to a cache without expiry', async () => {
    const { level, cache } = await setUp()
    await cache('a', 1)
    expect(await level.db.iterator({ keyEncoding: 'utf8', valueEncoding: 'utf8' }).all()).toEqual([['0a', '1']])
    await cache.close()
  })
})
