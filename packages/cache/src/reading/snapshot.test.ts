import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { collect } from '../fixtures/protocol.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { Cache } from '../index.ts'

describe('a snapshot', () => {
  test('reads synchronously', async () => {
    await using cache = Cache<string, number>(tempFolder())
    await cache.open()
    await cache('a', 1)
    await using then = cache.snapshot()
    await cache('a', 2)
    expect([then.getSync('a'), then.getSync('b'), cache.getSync('a')]).toEqual([1, undefined, 2])
  })

  test('is closed with its cache, also after the cache is opened again', async () => {
    const cache = Cache<string, number>(tempFolder())
    await cache.open()
    await cache('a', 1)
    const then = cache.snapshot()
    await cache.close()
    const closed = expect.objectContaining({ code: 'NOT_OPEN' })
    await expect(then.get('a')).rejects.toEqual(closed)
    await cache.open()
    expect(() => then.getSync('a')).toThrow(closed)
    await expect(collect(then.entries())).rejects.toEqual(closed)
    await then.close()
    await cache.close()
    expect(() => cache.snapshot()).toThrow(closed)
  })

  test('is released at the end of an await using block', async () => {
    const cache = Cache<string, number>(new MemoryLevel())
    await cache.open()
    let kept
    {
      await using then = cache.snapshot()
      kept = then
    }
    await expect(kept.has('a')).rejects.toMatchObject({ code: 'NOT_OPEN' })
    await cache.close()
  })
})
