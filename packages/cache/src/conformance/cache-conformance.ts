import assert from 'node:assert/strict'
import { BytesCodec } from '@snapstream/core'
import type { AnyBackend } from '../backend/backend.ts'
import { Cache, DELETE, type CacheKey, type CacheOptions } from '../index.ts'
import { backendConformance } from './backend-conformance.ts'
import type { ConformanceOptions } from './conformance-options.ts'
import { exactlyOnceConformance } from './exactly-once-conformance.ts'
import { checkpoint, collect, openSink } from './protocol.ts'
import { snapshotConformance } from './snapshot-conformance.ts'
import { surfaceConformance } from './surface-conformance.ts'

/** Keys of every type and edge cases, in the order that a cache promises. */
export const ORDERED_KEYS: readonly CacheKey[] = [
  false,
  true,
  -Infinity,
  -1.5,
  0,
  Number.MIN_VALUE,
  1,
  2,
  10,
  2 ** 53,
  Infinity,
  '',
  '\0',
  '1',
  'a',
  'aa',
  'b',
  'ä',
  '\uFFFD',
  '🏆',
  new Uint8Array(),
  new Uint8Array([0]),
  new Uint8Array([0, 1]),
  new Uint8Array([255]),
]

/**
 * The tests that every backend of a Cache has to pass. For authors of abstract-level databases, and to choose one.
 *
 * @example
 * import { test } from 'node:test'
 * cacheConformance({ test, name: 'my-level', create: () => new MyLevel() })
 */
export function cacheConformance({ test, name, create, destroy, supports = {} }: ConformanceOptions): void {
  function check<V = unknown>(
    title: string,
    run: (cache: Cache<CacheKey, V>, location: string | AnyBackend) => Promise<void>,
    options: CacheOptions<V> = {},
  ): void {
    test(`${name}: ${title}`, async () => {
      const location = await create()
      const cache = Cache<CacheKey, V>(location, options)
      await cache.open()
      try {
        await run(cache, location)
      } finally {
        await cache.close()
        await destroy?.(location)
      }
    })
  }
  check('keeps keys of every type distinct and in order', async (cache) => {
    for (const [i, key] of [...ORDERED_KEYS.entries()].toReversed()) await cache(key, i)
    for (const [i, key] of ORDERED_KEYS.entries()) assert.equal(await cache.get(key), i)
    const entries = await collect(cache.entries())
    assert.deepEqual(
      entries,
      ORDERED_KEYS.map((key, i) => [key, i]),
    )
  })

  check('returns undefined for a key that was never set', async (cache) => {
    assert.equal(await cache.get('missing'), undefined)
    assert.equal(await cache.has('missing'), false)
    await cache.del('missing')
  })

  check('overwrites and deletes', async (cache) => {
    await cache('a', 1)
    await cache('a', { two: [2, null, 'zwei \uFFFD 🏆'] })
    assert.deepEqual(await cache.get('a'), { two: [2, null, 'zwei \uFFFD 🏆'] })
    assert.equal(await cache.has('a'), true)
    await cache.del('a')
    assert.equal(await cache.get('a'), undefined)
    assert.equal(await cache.has('a'), false)
  })

  if (supports.getSync !== false)
    check('reads synchronously', async (cache) => {
      await cache('a', { text: 'zwei \uFFFD 🏆' })
      assert.deepEqual(cache.getSync('a'), { text: 'zwei \uFFFD 🏆' })
      assert.equal(cache.getSync('b'), undefined)
    })
  else
    check('refuses getSync with UNSUPPORTED', async (cache) => {
      await cache('a', 1)
      assert.throws(() => cache.getSync('a'), { code: 'UNSUPPORTED' })
      assert.equal(await cache.get('a'), 1)
    })

  check('shows buffered writes of a sink and stores them at the checkpoint', async (cache) => {
    await cache('b', 'old')
    await cache('c', 'old')
    const sink = await openSink(cache)
    await sink.write(['a', 1])
    await sink.write(['b', 2])
    await sink.write(['c', DELETE])
    const expected = [
      ['a', 1],
      ['b', 2],
    ]
    assert.deepEqual(await collect(cache.entries()), expected)
    assert.deepEqual([await cache.get('b'), await cache.get('c'), await cache.has('c')], [2, undefined, false])
    await sink.flush(checkpoint)
    assert.deepEqual(await collect(cache.entries()), expected)
  })

  for (const [title, where] of [
    ['stored', false],
    ['buffered', true],
  ] as const)
    check(`iterates over ranges of ${title} entries`, async (cache) => {
      const sink = await openSink(cache)
      for (let key = 0; key < 600; key++) await sink.write([key, key])
      if (!where) await sink.flush(checkpoint)
      const keys = async (range: Parameters<typeof cache.entries>[0]) =>
        (await collect(cache.entries(range))).map(([key]) => key)
      assert.deepEqual(await keys({ gt: 1, lt: 4 }), [2, 3])
      assert.deepEqual(await keys({ gte: 1, lte: 3 }), [1, 2, 3])
      assert.deepEqual(await keys({ gte: 597, reverse: true, limit: 2 }), [599, 598])
      assert.deepEqual(await keys({ limit: 0 }), [])
      assert.equal((await keys({})).length, 600)
    })

  check('iterates over one moment while entries are written', async (cache) => {
    const keys = Array.from({ length: 1000 }, (_, key) => key)
    await Promise.all(keys.map((key) => cache(key, 'before')))
    const view = cache.entries()
    const seen = [await view.next()]
    await Promise.all(keys.map((key) => (key % 2 ? cache.del(key) : cache(key, 'after'))))
    for (let next = await view.next(); !next.done; next = await view.next()) seen.push(next)
    assert.equal(seen.length, 1000)
    assert.ok(seen.every((entry) => entry.value[1] === 'before'))
    assert.equal((await collect(cache.entries())).length, 500)
  })

  check<Uint8Array>(
    'stores any bytes by a codec',
    async (cache) => {
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
      await cache('all', bytes)
      await cache('none', new Uint8Array())
      bytes.fill(0)
      assert.deepEqual([...((await cache.get('all')) ?? [])].slice(0, 4), [0, 1, 2, 3])
      assert.equal((await cache.get('none'))?.length, 0)
    },
    { codec: BytesCodec() },
  )

  if (supports.reopen !== false)
    check('has its entries after it was closed and opened again', async (cache) => {
      await cache('a', 1)
      const sink = await openSink(cache)
      await sink.write(['b', 2])
      await cache.close()
      await cache.open()
      assert.deepEqual(await collect(cache.entries()), [
        ['a', 1],
        ['b', 2],
      ])
    })

  surfaceConformance(check)
  snapshotConformance(check, supports.snapshots !== false)
  backendConformance(check, supports)
  exactlyOnceConformance(check, supports.conditionalBatches === true)
}
