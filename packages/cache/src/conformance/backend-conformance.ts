import assert from 'node:assert/strict'
import { DELETE } from '../index.ts'
import type { BackendSupports } from './conformance-options.ts'
import { checkpoint, openSink, type Check } from './protocol.ts'

const MANY = 5000

/** The requirements of a cache on its database, beyond the cache's own operations. */
export function backendConformance(check: Check, supports: BackendSupports): void {
  const { getSync = true, permanence, maxKeyBytes } = supports

  check('has a manifest that agrees with the given support', async (_, location) => {
    if (typeof location === 'string') return
    const { supports: manifest } = location as { supports: { getSync?: boolean; permanence: boolean } }
    assert.equal(manifest.getSync === true, getSync, 'getSync')
    if (permanence !== undefined) assert.equal(manifest.permanence, permanence, 'permanence')
    assert.equal((location as { maxKeyBytes?: number }).maxKeyBytes, maxKeyBytes, 'maxKeyBytes')
  })

  check('stores values from empty to megabytes', async (cache) => {
    const texts = ['', 'ü'.repeat(20_000), 'x'.repeat(1_500_000)]
    for (const [i, text] of texts.entries()) await cache(i, text)
    for (const [i, text] of texts.entries()) assert.ok((await cache.get(i)) === text, `the text ${i}`)
  })

  check('takes many concurrent writes, of which the last write of a key wins', async (cache) => {
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
    const sink = await openSink(cache)
    for (let key = 0; key < 100; key++) await sink.write([key, key % 2 ? DELETE : 'new'])
    await sink.flush(checkpoint)
    const left: unknown[] = []
    for await (const [key, value] of cache.entries()) left.push([key, value])
    assert.deepEqual(
      left,
      Array.from({ length: 50 }, (_, i) => [i * 2, 'new']),
    )
  })

  if (maxKeyBytes !== undefined)
    check('refuses a key that is too long at once and still works afterwards', async (cache) => {
      // A string has one more byte, for its type.
      const longest = 'k'.repeat(maxKeyBytes - 1)
      await cache(longest, 1)
      assert.equal(await cache.get(longest), 1)
      const sink = await openSink(cache)
      assert.throws(() => sink.write([`${longest}k`, 2]), { code: 'USAGE' })
      await assert.rejects(cache(`${longest}k`, 2), { code: 'USAGE' })
      assert.equal(await cache.get(`${longest}k`), undefined)
      await sink.write(['a', 3])
      await sink.flush(checkpoint)
      assert.equal(await cache.get('a'), 3)
    })
}
