import { setTimeout } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFailingLevel } from './fixtures/failing-level.ts'
import { checkpoint, collect, openSink } from './fixtures/protocol.ts'
import { Cache, DELETE } from './index.ts'

const KEYS = [0, 1, 2, 3, 4]

async function setUp(options: { bufferBytes?: number } = {}) {
  const level = createFailingLevel()
  const cache = Cache<number, number>(level.db, options)
  await cache.open()
  // The durable values in the order of their keys, read from the database without the cache.
  const stored = () => level.db.values<Uint8Array, string>({ keyEncoding: 'view', valueEncoding: 'utf8' }).all()
  return { level, cache, sink: await openSink(cache), stored }
}

function createGate() {
  let open!: () => void
  return { gate: new Promise<void>((resolve) => (open = resolve)), open: () => open() }
}

describe('writing', () => {
  test('a sink writes nothing before the checkpoint, then one synced batch', async () => {
    const { level, cache, sink, stored } = await setUp()
    for (const key of KEYS) await sink.write([key, key])
    await sink.write([0, DELETE])
    expect(await stored()).toHaveLength(0)
    await sink.flush(checkpoint)
    expect(await stored()).toHaveLength(4)
    expect(level.batches).toEqual([{ size: 5, options: expect.objectContaining({ sync: true }) as unknown }])
    await sink.flush(checkpoint)
    expect(level.batches).toHaveLength(1)
    await cache.close()
  })

  test('a write during a flush goes into the next batch', async () => {
    const { level, cache, sink } = await setUp()
    const { gate, open } = createGate()
    level.gate = gate
    await sink.write([1, 1])
    const first = sink.flush(checkpoint)
    await sink.write([1, 2])
    await sink.write([2, 2])
    expect([cache.getSync(1), await cache.get(1)]).toEqual([2, 2])
    open()
    await first
    expect(level.batches.map(({ size }) => size)).toEqual([1])
    await sink.flush(checkpoint)
    expect(level.batches.map(({ size }) => size)).toEqual([1, 2])
    expect(await collect(cache.entries())).toEqual([
      [1, 2],
      [2, 2],
    ])
    await cache.close()
  })

  test('a failed flush keeps its entries for the next one', async () => {
    const { level, cache, sink, stored } = await setUp()
    await sink.write([1, 1])
    await sink.write([2, 1])
    level.error = new Error('disk full')
    const failed = sink.flush(checkpoint) as Promise<void>
    await sink.write([2, 2])
    await expect(failed).rejects.toMatchObject({ code: 'CACHE_FAILED', cause: { message: 'disk full' } })
    expect([cache.getSync(1), cache.getSync(2), await stored()]).toEqual([1, 2, []])
    level.error = undefined
    await sink.flush(checkpoint)
    expect(await stored()).toEqual(['1', '2'])
    await cache.close()
  })

  test('calls resolve when they are durable, and share batches', async () => {
    const { level, cache, stored } = await setUp()
    const { gate, open } = createGate()
    level.gate = gate
    let isDone = false
    const all = Promise.all(Array.from({ length: 100 }, (_, i) => cache(i % 10, i))).then(() => (isDone = true))
    await setTimeout(5)
    expect(isDone).toBe(false)
    open()
    await all
    // The first at once, the others together.
    expect(level.batches.map(({ size }) => size)).toEqual([1, 10])
    expect(await stored()).toEqual(['90', '91', '92', '93', '94', '95', '96', '97', '98', '99'])
    await cache.close()
  })

  test('a call leaves buffered writes of other keys to their checkpoint', async () => {
    const { level, cache, sink, stored } = await setUp()
    await sink.write([1, 1])
    await sink.write([2, 2])
    await cache(2, 3)
    expect(await stored()).toEqual(['3'])
    expect([cache.getSync(1), cache.getSync(2)]).toEqual([1, 3])
    await sink.write([2, 4])
    await cache(3, 5)
    expect(cache.getSync(2)).toBe(4)
    await sink.flush(checkpoint)
    expect(await stored()).toEqual(['1', '4', '5'])
    expect(level.batches.map(({ size }) => size)).toEqual([1, 1, 2])
    await cache.close()
  })

  test('a call rejects if its batch fails, and its entry goes into the next batch', async () => {
    const { level, cache, stored } = await setUp()
    level.error = new Error('disk full')
    await expect(cache(1, 1)).rejects.toMatchObject({ code: 'CACHE_FAILED' })
    level.error = undefined
    await cache(2, 2)
    expect(await stored()).toEqual(['1', '2'])
    await cache.close()
  })

  test('a sink that buffers too much writes, and waits', async () => {
    const { level, cache, sink } = await setUp({ bufferBytes: 1000 })
    const { gate, open } = createGate()
    level.gate = gate
    expect(sink.write([0, 0])).toBeUndefined()
    let full: unknown
    let wrote = 1
    for (; full === undefined && wrote < 100; wrote++) full = sink.write([wrote, wrote])
    expect(wrote).toBeLessThan(10)
    let isDone = false
    void Promise.resolve(full).then(() => (isDone = true))
    await setTimeout(5)
    expect(isDone).toBe(false)
    open()
    await full
    expect(level.batches.map(({ size }) => size)).toEqual([wrote])
    await cache.close()
  })

  test('a full sink whose batch fails leaves the error to the flush', async () => {
    const { level, cache, sink } = await setUp({ bufferBytes: 1 })
    level.error = new Error('disk full')
    await sink.write([1, 1])
    await expect(sink.flush(checkpoint)).rejects.toMatchObject({ code: 'CACHE_FAILED' })
    level.error = undefined
    await cache.close()
  })

  test('close writes buffered entries and settles pending calls', async () => {
    const { level, cache, sink, stored } = await setUp()
    const { gate, open } = createGate()
    level.gate = gate
    const calls = [cache(1, 1), cache(2, 2)]
    await sink.write([3, 3])
    const closed = cache.close()
    await setTimeout(1)
    await expect(cache(4, 4)).rejects.toMatchObject({ code: 'NOT_OPEN' })
    open()
    await Promise.all([...calls, closed])
    await level.db.open()
    expect(await stored()).toEqual(['1', '2', '3'])
    await level.db.close()
  })

  test('close reports the entries that it could not write, and closes', async () => {
    const { level, cache, sink } = await setUp()
    await sink.write([1, 1])
    level.error = new Error('disk full')
    const call = cache(2, 2)
    const closed = cache.close()
    await expect(call).rejects.toMatchObject({ code: 'CACHE_FAILED' })
    await expect(closed).rejects.toThrow(/closed before 2 entries could be written.*disk full/)
    level.error = undefined
    await cache.open()
    expect(await collect(cache.entries())).toEqual([])
    await cache.close()
  })

  test('reads equal those of a plain map, whatever fails, and flushed entries are stored', async () => {
    const step = fc.record({
      what: fc.constantFrom('buffer', 'buffer', 'call', 'del', 'flush', 'fail', 'heal', 'turn'),
      key: fc.constantFrom(...KEYS),
      value: fc.nat(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, slow) => {
        const { level, cache, sink } = await setUp()
        const model = new Map<number, number>()
        const settling: Promise<unknown>[] = []
        if (slow) level.gate = setTimeout(1)
        const check = async () => {
          const expected = [...model].sort(([a], [b]) => a - b)
          expect(await collect(cache.entries())).toEqual(expected)
          for (const key of KEYS) {
            expect(cache.getSync(key)).toBe(model.get(key))
            expect(await cache.has(key)).toBe(model.has(key))
          }
        }
        for (const { what, key, value } of steps) {
          if (what === 'buffer') {
            await sink.write([key, value % 5 ? value : DELETE])
            if (value % 5) model.set(key, value)
            else model.delete(key)
          } else if (what === 'call') {
            settling.push(cache(key, value).catch(() => {}))
            model.set(key, value)
          } else if (what === 'del') {
            settling.push(cache.del(key).catch(() => {}))
            model.delete(key)
          } else if (what === 'flush') settling.push(Promise.resolve(sink.flush(checkpoint)).catch(() => {}))
          else if (what === 'fail') level.error = new Error('fails')
          else if (what === 'heal') level.error = undefined
          else await check()
          for (const key of KEYS) expect(cache.getSync(key)).toBe(model.get(key))
        }
        await Promise.all(settling)
        await check()
        level.error = undefined
        await sink.flush(checkpoint)
        await check()
        const before = level.batches.length
        await sink.flush(checkpoint)
        expect(level.batches.length).toBe(before)
        expect(level.mostUnderWay).toBeLessThanOrEqual(1)
        await cache.close()
        await cache.open()
        await check()
        await cache.close()
      }),
      { numRuns: 200 },
    )
  })
})
