import { describe, expect, test } from 'vitest'
import { createFailingLevel } from '../fixtures/failing-level.ts'
import { collect, openSink } from '../fixtures/protocol.ts'
import { Cache } from '../index.ts'

async function setUp() {
  const level = createFailingLevel()
  const cache = Cache<number, number>(level.db)
  await cache.open()
  const sizes = () => level.batches.map(({ size }) => size)
  return { level, cache, sizes }
}

const puts = (keys: number[], value: number) => keys.map((key) => ({ type: 'put' as const, key, value }))

describe('batch', () => {
  test('writes one synced batch of the backend, visible at once', async () => {
    const { level, cache, sizes } = await setUp()
    const written = cache.batch([...puts([1, 2, 3], 1), { type: 'del', key: 2 }])
    expect([cache.getSync(1), cache.getSync(2), cache.getSync(3)]).toEqual([1, undefined, 1])
    await written
    expect(sizes()).toEqual([3])
    expect(level.batches[0]).toMatchObject({ options: { sync: true } })
    await cache.close()
  })

  test('goes as a whole into the next batch if its own batch fails', async () => {
    const { level, cache, sizes } = await setUp()
    level.error = new Error('disk full')
    await expect(cache.batch(puts([1, 2], 1))).rejects.toMatchObject({ code: 'CACHE_FAILED' })
    level.error = undefined
    await cache(3, 3)
    expect(sizes()).toEqual([2, 3])
    await cache.close()
  })

  test.each([
    [
      [
        { type: 'put', key: 1, value: 1 },
        { type: 'merge', key: 2 },
      ],
      'USAGE',
      "type: 'del'",
    ],
    [[{ type: 'put', key: 1, value: 1 }, undefined], 'USAGE', 'undefined'],
    [
      [
        { type: 'put', key: 1, value: 1 },
        { type: 'put', key: Number.NaN, value: 1 },
      ],
      'USAGE',
      'NaN',
    ],
    [
      [
        { type: 'put', key: 1, value: 1 },
        { type: 'put', key: 2 },
      ],
      'ENCODE_FAILED',
      'the key 2',
    ],
    ['ab', 'USAGE', 'an array'],
  ])('that is refused in part changes nothing: %j', async (operations, code, named) => {
    const { cache, sizes } = await setUp()
    await expect(cache.batch(operations as never)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(named) as string,
    })
    expect(cache.getSync(1)).toBeUndefined()
    await cache.close()
    expect(sizes()).toEqual([])
  })
})

describe('clear', () => {
  test('writes bounded batches', async () => {
    const { cache, sizes } = await setUp()
    const sink = await openSink(cache)
    for (let key = 0; key < 25_000; key++) await sink.write([key, key])
    await cache.clear({ lt: 24_999 })
    expect(sizes()).toEqual([10_000, 10_000, 4999])
    expect(await collect(cache.entries())).toEqual([[24_999, 24_999]])
    await cache.close()
  })

  test('writes nothing for an empty range', async () => {
    const { cache, sizes } = await setUp()
    await cache.clear()
    expect(sizes()).toEqual([])
    await cache.close()
  })
})
