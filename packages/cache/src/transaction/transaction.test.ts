import { setTimeout } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFailingLevel } from '../fixtures/failing-level.ts'
import { collect, openSink, openSource } from '../fixtures/protocol.ts'
import { Cache, type CacheOptions } from '../index.ts'

async function setUp(options: CacheOptions<number> = {}) {
  const level = createFailingLevel()
  const cache = Cache<string, number>(level.db, options)
  await cache.open()
  return { level, cache }
}

function createGate() {
  let open!: () => void
  return { gate: new Promise<void>((resolve) => (open = resolve)), open: () => open() }
}

describe('a transaction', () => {
  test('excludes other transactions on its key', async () => {
    const { level, cache } = await setUp()
    const addOne = () =>
      cache.transaction('count', async (transaction) => {
        const count = (await transaction.get('count')) ?? 0
        await setTimeout(0)
        transaction.put('count', count + 1)
        return count
      })
    const counts = await Promise.all(Array.from({ length: 50 }, addOne))
    expect(counts).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(cache.getSync('count')).toBe(50)
    expect(level.batches.every(({ size }) => size === 1)).toBe(true)
    await cache.close()
  })

  test('reads its own writes, and shows them to others all at once', async () => {
    const { level, cache } = await setUp()
    await cache('b', 1)
    const reader = await openSource(cache)
    const written = cache.transaction(['a', 'b', 'c'], async (transaction) => {
      transaction.put('a', 2)
      transaction.put('a', 3)
      transaction.del('b')
      expect([await transaction.get('a'), transaction.getSync('a'), await transaction.has('a')]).toEqual([3, 3, true])
      expect([await transaction.get('b'), transaction.getSync('b'), await transaction.has('b')]).toEqual([
        undefined,
        undefined,
        false,
      ])
      expect([await transaction.get('c'), transaction.getSync('c'), await transaction.has('c')]).toEqual([
        undefined,
        undefined,
        false,
      ])
      expect(await collect(cache.entries())).toEqual([['b', 1]])
      return 'done'
    })
    expect(await written).toBe('done')
    expect(await collect(cache.entries())).toEqual([['a', 3]])
    expect(level.batches.map(({ size }) => size)).toEqual([1, 2])
    expect((await reader.read())?.messages).toEqual([['a', 3]])
    await cache.close()
  })

  test('writes nothing and releases its keys if it fails', async () => {
    const { level, cache } = await setUp()
    const failing = cache.transaction(['a', 'b'], (transaction) => {
      transaction.put('a', 1)
      throw new Error('no')
    })
    const next = cache.transaction('b', (transaction) => transaction.get('a'))
    await expect(failing).rejects.toThrow('no')
    await expect(next).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('"a"') as string })
    expect(await cache.transaction('a', (transaction) => transaction.has('a'))).toBe(false)
    expect(level.batches).toEqual([])
    await cache.close()
  })

  test('rejects if its batch fails, and its writes go into the next batch', async () => {
    const { level, cache } = await setUp()
    level.error = new Error('disk full')
    const failing = cache.transaction(['a', 'b'], (transaction) => {
      transaction.put('a', 1)
      transaction.put('b', 1)
    })
    await expect(failing).rejects.toMatchObject({ code: 'CACHE_FAILED' })
    level.error = undefined
    await cache('c', 1)
    expect(level.batches.at(-1)!.size).toBe(3)
    await cache.close()
  })

  test('lets the next transaction begin before it is durable, and both share a batch', async () => {
    const { level, cache } = await setUp()
    const { gate, open } = createGate()
    level.gate = gate
    const first = cache('other', 1)
    const addOne = () =>
      cache.transaction('a', (transaction) => transaction.put('a', (transaction.getSync('a') ?? 0) + 1))
    const both = [addOne(), addOne()]
    await setTimeout(2)
    expect(cache.getSync('a')).toBe(2)
    open()
    await Promise.all([first, ...both])
    expect(level.batches.map(({ size }) => size)).toEqual([1, 1])
    await cache.close()
  })

  test('overwrites a buffered write of a sink, and is overwritten by a later one', async () => {
    const { cache } = await setUp()
    const sink = await openSink(cache)
    await cache.transaction('a', async (transaction) => {
      await sink.write(['a', 1])
      expect(await transaction.get('a')).toBe(1)
      transaction.put('a', 2)
    })
    expect(cache.getSync('a')).toBe(2)
    await sink.write(['a', 3])
    expect(cache.getSync('a')).toBe(3)
    await cache.close()
  })

  test('is named in the error of a transaction that waits too long for it', async () => {
    const { cache } = await setUp({ lockWaitMs: 20 })
    const { gate, open } = createGate()
    const holder = cache.transaction(['a', 'b'], () => gate)
    const waiters = [
      cache.transaction(['b', 'c'], () => 1),
      cache.transaction('c', () => 2),
      cache.transaction('d', () => 3),
    ]
    const settled = await Promise.allSettled(waiters)
    expect(settled).toMatchObject([
      {
        reason: {
          code: 'CACHE_BUSY',
          key: 'b',
          message: expect.stringMatching(/"b", "c".*\d+ ms.*"b".*held/) as string,
        },
      },
      // It waited only for the transaction that gave up.
      { value: 2 },
      { value: 3 },
    ])
    open()
    await holder
    expect(await cache.transaction(['a', 'b', 'c'], () => 4)).toBe(4)
    await cache.close()
  })

  test('waits longer than the longest timer of Node', async () => {
    for (const lockWaitMs of [2 ** 31, Infinity]) {
      const { cache } = await setUp({ lockWaitMs })
      const { gate, open } = createGate()
      const holder = cache.transaction('a', () => gate)
      const waiter = cache.transaction('a', () => 'had its turn')
      const beforeTurn = await Promise.race([waiter.catch((error: Error) => error.message), setTimeout(20, 'waits')])
      expect(beforeTurn).toBe('waits')
      open()
      await holder
      expect(await waiter).toBe('had its turn')
      await cache.close()
    }
  })

  test('rejects if it is started within a transaction on the same key', async () => {
    const { cache } = await setUp({ lockWaitMs: 5 })
    const within = cache.transaction('a', () => cache.transaction('a', () => 1))
    await expect(within).rejects.toMatchObject({ code: 'CACHE_BUSY' })
    await cache.close()
  })

  test('refuses other keys, and calls after its end', async () => {
    const { cache } = await setUp()
    const kept = await cache.transaction('a', (transaction) => transaction)
    expect(() => kept.put('a', 1)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    await expect(kept.get('a')).rejects.toThrow('is over')
    await expect(cache.transaction(Number.NaN as never, () => 1)).rejects.toMatchObject({ code: 'USAGE' })
    await expect(cache.transaction('a', 1 as never)).rejects.toMatchObject({ code: 'USAGE' })
    await cache.close()
    await expect(cache.transaction('a', (transaction) => transaction.put('a', 1))).rejects.toMatchObject({
      code: 'NOT_OPEN',
    })
  })

  test('on random keys ends, and the result is that of some serial order', async () => {
    const keys = ['a', 'b', 'c', 'd']
    const transaction = fc.record({
      keys: fc.array(fc.constantFrom(...keys), { minLength: 1, maxLength: 4 }),
      waits: fc.nat({ max: 2 }),
      fails: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(transaction, { maxLength: 12 }), async (transactions) => {
        const { cache } = await setUp()
        const expected = new Map<string, number>()
        const all = transactions.map(async ({ keys, waits, fails }) => {
          if (!fails) for (const key of new Set(keys)) expected.set(key, (expected.get(key) ?? 0) + 1)
          const add = cache.transaction(keys, async (transaction) => {
            for (const key of new Set(keys)) transaction.put(key, ((await transaction.get(key)) ?? 0) + 1)
            for (let i = 0; i < waits; i++) await setTimeout(0)
            if (fails) throw new Error('fails')
          })
          await expect(add.catch((error: unknown) => error)).resolves.toEqual(fails ? new Error('fails') : undefined)
        })
        await Promise.all(all)
        for (const key of keys) expect(cache.getSync(key)).toBe(expected.get(key))
        await cache.close()
      }),
      { numRuns: 100 },
    )
  })
})
