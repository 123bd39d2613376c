import * as fc from 'fast-check'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { stopClock } from '../fixtures/clock.ts'
import { createFailingLevel } from '../fixtures/failing-level.ts'
import { checkpoint, collect, openSink } from '../fixtures/protocol.ts'
import { Cache, DELETE, type CacheOptions } from '../index.ts'

async function setUp(options: CacheOptions<number> = {}, level = createFailingLevel()) {
  const cache = Cache<number, number>(level.db, options)
  await cache.open()
  const keys = () => collect(cache.keys())
  const stored = () => level.db.keys<Uint8Array>({ keyEncoding: 'view' }).all()
  return { level, cache, keys, stored, sink: await openSink(cache) }
}

describe('a bounded cache', () => {
  test('keeps the entries that were written last', async () => {
    const { cache, keys, stored } = await setUp({ maxEntries: 3 })
    for (const key of [1, 2, 3, 4]) await cache(key, key)
    expect(await keys()).toEqual([2, 3, 4])
    await cache(2, 22)
    await cache(5, 5)
    expect(await keys()).toEqual([2, 4, 5])
    await cache.del(4)
    await cache(6, 6)
    expect(await keys()).toEqual([2, 5, 6])
    // Each with its place in the order, and the totals.
    expect(await stored()).toHaveLength(7)
    await cache.close()
  })

  test('keeps the last entries of a batch that exceeds the bound', async () => {
    const { sink, cache, keys } = await setUp({ maxEntries: 3 })
    await cache(0, 0)
    for (let key = 1; key < 10; key++) await sink.write([key, key])
    await sink.write([1, DELETE])
    await sink.flush(checkpoint)
    expect(await keys()).toEqual([7, 8, 9])
    await cache.close()
  })

  test('counts bytes of keys and values', async () => {
    const { cache, keys } = await setUp({ maxBytes: 1000 })
    // Nine bytes of key, two of value and seventeen of its head.
    for (let key = 10; key < 60; key++) await cache(key, key)
    expect(await keys()).toHaveLength(Math.floor(1000 / 28))
    expect((await keys()).at(-1)).toBe(59)
    await cache.close()
  })

  test('keeps its counts when it is opened again, also without the option', async () => {
    const first = await setUp({ maxEntries: 3 })
    for (const key of [1, 2, 3]) await first.cache(key, key)
    await first.cache.close()
    const { level } = first
    await level.db.open()
    const second = await setUp({}, level)
    await second.cache(4, 4)
    await second.cache.del(2)
    await second.cache(5, 5)
    expect(await second.keys()).toEqual([1, 3, 4, 5])
    await second.cache.close()
    const third = await setUp({ maxEntries: 3 }, level)
    await third.cache(6, 6)
    expect(await third.keys()).toEqual([4, 5, 6])
    await third.cache.close()
  })

  test('counts the entries from before it was bounded, as the oldest', async () => {
    const first = await setUp()
    for (let key = 0; key < 2500; key++) await first.sink.write([key, key])
    await first.sink.flush(checkpoint)
    await first.cache.close()
    const { level } = first
    const { cache, keys } = await setUp({ maxEntries: 2500 }, level)
    await cache(0, 1)
    await cache(3000, 1)
    expect((await keys()).slice(0, 2)).toEqual([0, 2])
    await cache.close()
    const small = await setUp({ maxEntries: 10 }, level)
    const sizes = level.batches.length
    for (let i = 0; i < 4; i++) await small.sink.flush(checkpoint)
    // Bounded work in each batch: a thousand entries, their places, and the totals.
    expect(level.batches.slice(sizes).map(({ size }) => size)).toEqual([2001, 2001, 981])
    expect(await small.keys()).toEqual([0, 2492, 2493, 2494, 2495, 2496, 2497, 2498, 2499, 3000])
    await small.cache.close()
  })

  test('applies to each cache of a database separately', async () => {
    const { cache, keys } = await setUp({ maxEntries: 2 })
    const [free, bound] = [cache.sub<number, number>('free'), cache.sub<number, number>('bound', { maxEntries: 1 })]
    for (const key of [1, 2, 3]) await Promise.all([cache(key, key), free(key, key), bound(key, key)])
    expect([await keys(), await collect(free.keys()), await collect(bound.keys())]).toEqual([[2, 3], [1, 2, 3], [3]])
    await cache.close()
  })

  test('holds the same entries as a model, with expiry, failures, closing and opening', async () => {
    const write = fc.record({
      key: fc.nat({ max: 9 }),
      what: fc.constantFrom('put', 'put', 'put', 'del', 'end', 'flush', 'fail', 'pass', 'reopen'),
    })
    const clock = stopClock()
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        async (writes, maxEntries) => {
          const { level, cache, keys, sink, stored: inBackend } = await setUp({ maxEntries })
          // The expiry of each entry, in the order of the last writes. A removed entry expires at once.
          let stored = new Map<number, number>()
          const buffered = new Map<number, number>()
          const isLive = ([, end]: readonly [number, number]) => end > Date.now()
          const flush = async () => {
            await sink.flush(checkpoint)
            for (const [key, end] of buffered) {
              stored.delete(key)
              stored.set(key, end)
            }
            buffered.clear()
            stored = new Map([...stored].filter(isLive).slice(-maxEntries))
          }
          for (const { key, what } of [...writes, { key: 0, what: 'flush' as const }]) {
            if (what === 'put' || what === 'end') {
              await sink.write([key, key, { ttlMs: what === 'put' ? Infinity : 1000 }])
              buffered.set(key, what === 'put' ? Infinity : Date.now() + 1000)
            } else if (what === 'del') {
              await sink.write([key, DELETE])
              buffered.set(key, 0)
            } else if (what === 'pass') clock.pass(500)
            else if (what === 'fail') {
              level.error = new Error('fails')
              await Promise.resolve(sink.flush(checkpoint)).catch(() => {})
              level.error = undefined
            } else {
              await flush()
              if (what === 'flush') continue
              await cache.close()
              await cache.open()
            }
          }
          const live = [...stored].filter(isLive).map(([key]) => key)
          expect(await keys()).toEqual(live.toSorted((a, b) => a - b))
          clock.pass(5000)
          await flush()
          expect(await keys()).toHaveLength(stored.size)
          // No end is left in the index, and one place for each entry.
          expect(await inBackend()).toHaveLength(2 * stored.size + 1)
          await cache.close()
        },
      ),
      { numRuns: 200 },
    )
  })
})

const refusedBeyond = (bytes: number) => ({
  code: 'USAGE',
  message: expect.stringContaining(`takes keys of ${bytes} bytes at most`) as string,
})

test('a key leaves room for its age index key, also when the bound was removed', async () => {
  const db = Object.assign(new MemoryLevel(), { maxKeyBytes: 100 })
  {
    await using bounded = Cache<string, number>(db, { maxEntries: 10 })
    await bounded.open()
    await bounded('a', 1)
  }
  await using cache = Cache<string, number>(db)
  await cache.open()
  // A byte for its type, and seven of the index.
  await cache('k'.repeat(92), 2)
  await expect(cache('k'.repeat(93), 3)).rejects.toMatchObject(refusedBeyond(92))
  expect(await cache.get('k'.repeat(92))).toBe(2)
})

test('a key of a sub-cache leaves room for the bytes of its name', async () => {
  await using cache = Cache<string, number>(Object.assign(new MemoryLevel(), { maxKeyBytes: 100 }))
  const sub = cache.sub<string, number>('größe')
  await cache.open()
  // Two around the name, which has seven, and one for the type of the key.
  await sub('ü'.repeat(45), 1)
  await expect(sub('ü'.repeat(46), 2)).rejects.toMatchObject(refusedBeyond(90))
  expect(await sub.get('ü'.repeat(45))).toBe(1)
  expect(await collect(sub.entries())).toEqual([['ü'.repeat(45), 1]])
})
