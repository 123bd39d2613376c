import assert from 'node:assert/strict'
import { DELETE, type CacheRange } from '../index.ts'
import { checkpoint, collect, openSink, type Check } from './protocol.ts'

/** Several keys at once, ranges and sub-caches. */
export function surfaceConformance(check: Check): void {
  check('reads stored and buffered keys with one getMany', async (cache) => {
    await cache.batch([
      { type: 'put', key: 'a', value: 1 },
      { type: 'put', key: 2, value: 'two' },
    ])
    const sink = await openSink(cache)
    await sink.write(['a', DELETE])
    await sink.write(['b', null])
    assert.deepEqual(await cache.getMany(['b', 2, 'missing', 'a', 2]), [null, 'two', undefined, undefined, 'two'])
    assert.deepEqual(await cache.getMany([]), [])
  })

  check('writes a batch, of which the last operation on a key counts', async (cache) => {
    await cache('a', 1)
    await cache.batch([
      { type: 'del', key: 'a' },
      { type: 'put', key: 'b', value: 1 },
      { type: 'put', key: 'c', value: 1 },
      { type: 'put', key: 'b', value: 2 },
      { type: 'del', key: 'c' },
    ])
    assert.deepEqual(await collect(cache.entries()), [['b', 2]])
  })

  for (const where of ['stored', 'buffered'] as const)
    check(`iterates over prefixes, keys and values of ${where} entries`, async (cache) => {
      const sink = await openSink(cache)
      const names = ['', 'a', 'ab', 'a\uFFFF', 'a🏆', 'b', 'ba']
      for (const key of [true, 7, ...names, new Uint8Array([97])]) await sink.write([key, `of ${String(key)}`])
      if (where === 'stored') await sink.flush(checkpoint)
      const keys = async (range: CacheRange) => collect(cache.keys(range))
      assert.deepEqual(await keys({ prefix: 'a' }), ['a', 'ab', 'a\uFFFF', 'a🏆'])
      assert.deepEqual(await keys({ prefix: '' }), names)
      assert.deepEqual(await keys({ prefix: 'a', gt: 'a', lte: 'a\uFFFF', reverse: true }), ['a\uFFFF', 'ab'])
      assert.deepEqual(await keys({ prefix: 'b', gte: 'a', limit: 1 }), ['b'])
      assert.deepEqual(await keys({ prefix: 'c' }), [])
      assert.deepEqual(await collect(cache.values({ prefix: 'b' })), ['of b', 'of ba'])
      assert.equal((await keys({})).length, 10)
    })

  check('clears a range, and the whole cache', async (cache) => {
    const sink = await openSink(cache)
    for (let key = 0; key < 10; key++) await cache(key, key)
    for (let key = 10; key < 20; key++) await sink.write([key, key])
    await cache.clear({ gte: 5, lt: 15 })
    await cache.clear({ reverse: true, limit: 2 })
    const left = [0, 1, 2, 3, 4, 15, 16, 17]
    assert.deepEqual(await collect(cache.keys()), left)
    await sink.flush(checkpoint)
    assert.deepEqual(await collect(cache.keys()), left)
    await cache.clear()
    assert.deepEqual(await collect(cache.keys()), [])
  })

  check('keeps the entries of sub-caches separate', async (cache) => {
    const one = cache.sub('one')
    const inner = one.sub('two')
    const caches = [cache, one, cache.sub('on'), cache.sub('one\uFFFF'), inner]
    const sink = await openSink(cache)
    for (const [i, each] of caches.entries()) {
      await each('key', i)
      await each(0, i)
      await each(new Uint8Array([255, 255]), i)
    }
    await sink.flush(checkpoint)
    for (const [i, each] of caches.entries()) {
      assert.deepEqual(await collect(each.values()), [i, i, i])
      assert.deepEqual(await each.getMany([0, 'key', 'none']), [i, i, undefined])
    }
    assert.deepEqual(await cache.subs(), ['on', 'one', 'one\uFFFF'])
    assert.deepEqual([await one.subs(), await inner.subs()], [['two'], []])
    await one.clear()
    assert.deepEqual(
      await Promise.all(caches.map(async (each) => (await collect(each.keys())).length)),
      [3, 0, 3, 3, 3],
    )
  })
}
