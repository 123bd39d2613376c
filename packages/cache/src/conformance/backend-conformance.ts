import assert from 'node:assert/strict'
import { platformHost } from '@snapstream/core'
import type { AnyBackend } from '../backend/backend.ts'
import { Cache, DELETE, type CacheKey, type CacheOptions } from '../index.ts'
import type { BackendSupports } from './conformance-options.ts'

/** Makes a test of a cache over a fresh backend, and hands over what the cache is made over. */
export type Check = (
  title: string,
  run: (cache: Cache<CacheKey, unknown>, location: string | AnyBackend) => Promise<void>,
  options?: CacheOptions<unknown>,
) => void

const MANY = 5000

/** What a cache needs of the database below it, apart from what a person asks of a cache. */
export function backendConformance(check: Check, supports: BackendSupports): void {
  const { getSync = true, permanence, maxKeyBytes } = supports

  check('says in its manifest what it supports', async (_, location) => {
    if (typeof location === 'string') return
    const { supports: manifest } = location as { supports: { getSync?: boolean; permanence: boolean } }
    assert.equal(manifest.getSync === true, getSync, 'getSync')
    if (permanence !== undefined) assert.equal(manifest.permanence, permanence, 'permanence')
    assert.equal((location as { maxKeyBytes?: number }).maxKeyBytes, maxKeyBytes, 'maxKeyBytes')
  })

  check('keeps values from nothing to megabytes', async (cache) => {
    const texts = ['', 'ü'.repeat(20_000), 'x'.repeat(1_500_000)]
    for (const [i, text] of texts.entries()) await cache(i, text)
    for (const [i, text] of texts.entries()) assert.ok((await cache.get(i)) === text, `the text ${i}`)
  })

  check('takes many writes at once, and the last of a key wins', async (cache) => {
    const writes = Array.from({ length: MANY }, (_, i) => cache(i % 1000, i))
    await Promise.all(writes)
    for (const i of [0, 1, 999]) assert.equal(await cache.get(i), MANY - 1000 + i)
    let count = 0
    for await (const [key, value] of cache.entries()) {
      count++
      assert.equal(value, MANY - 1000 + Number(key))
    }
    assert.equal(count, 1000)
  })

  check('deletes and puts in one batch', async (cache) => {
    await Promise.all(Array.from({ length: 100 }, (_, key) => cache(key, 'old')))
    const sink = await cache['~snapstream.sink'](sinkOptions())
    for (let key = 0; key < 100; key++) await sink.write([key, key % 2 ? DELETE : 'new'])
    await sink.flush({ id: 1, positions: new Map() })
    const left: unknown[] = []
    for await (const [key, value] of cache.entries()) left.push([key, value])
    assert.deepEqual(
      left,
      Array.from({ length: 50 }, (_, i) => [i * 2, 'new']),
    )
  })

  if (maxKeyBytes !== undefined)
    check('refuses a key that is too long at once, and goes on', async (cache) => {
      // A text takes a byte more than its own: that of its type.
      const longest = 'k'.repeat(maxKeyBytes - 1)
      await cache(longest, 1)
      assert.equal(await cache.get(longest), 1)
      const sink = await cache['~snapstream.sink'](sinkOptions())
      assert.throws(() => sink.write([`${longest}k`, 2]), { code: 'USAGE' })
      await assert.rejects(cache(`${longest}k`, 2), { code: 'USAGE' })
      assert.equal(await cache.get(`${longest}k`), undefined)
      await sink.write(['a', 3])
      await sink.flush({ id: 1, positions: new Map() })
      assert.equal(await cache.get('a'), 3)
    })
}

function sinkOptions() {
  return {
    signal: new AbortController().signal,
    host: platformHost(),
    scope: new Map<unknown, unknown>(),
    trouble() {},
  }
}
