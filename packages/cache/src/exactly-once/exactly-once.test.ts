import { platformHost } from '@snapstream/core'
import type { Lane, Lasting, Positions, SinkWriter } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import { createFailingLevel } from '../fixtures/failing-level.ts'
import { collect } from '../fixtures/protocol.ts'
import { Cache, DELETE } from '../index.ts'

type Pair = readonly [key: string, value: number | typeof DELETE]

const source = (lasting?: Lasting) => ({ '~snapstream.lasting': lasting })
const orders = source({ name: 'group a' })
const at = (of: object, positions: Record<string, number>) => ({
  id: 1,
  positions: new Map<unknown, Positions>([[of, new Map<Lane, number>(Object.entries(positions))]]),
})

async function setUp({ bufferBytes }: { readonly bufferBytes?: number } = {}) {
  const level = createFailingLevel()
  const cache = Cache<string, number>(level.db, {
    exactlyOnce: true,
    ...(bufferBytes !== undefined && { bufferBytes }),
  })
  await cache.open()
  let asked = 0
  const openSink = async () => {
    const sink = (await cache['~snapstream.sink']({
      signal: new AbortController().signal,
      host: platformHost(),
      scope: new Map(),
      trouble() {},
      checkpoint: () => void asked++,
      sources: [],
    })) as Required<SinkWriter<Pair>>
    await sink.accepts(orders)
    return sink
  }
  return {
    level,
    cache,
    openSink,
    get asked() {
      return asked
    },
  }
}

describe('a cache that is exactly once', () => {
  test('writes entries and positions in one synced batch, and continues from there', async () => {
    const { level, cache, openSink } = await setUp()
    const sink = await openSink()
    // Sub-caches share it.
    expect(sink.atomic).toBeTypeOf('object')
    expect(await sink.positions(orders, ['t/0', 't/1'])).toEqual(new Map())
    void sink.write(['a', 1])
    void sink.write(['b', 2])
    await sink.flush(at(orders, { 't/0': 5, 't/1': 7 }))
    // Nothing came of these, and they are behind all the same.
    await sink.flush(at(orders, { 't/1': 9 }))
    expect(level.batches).toEqual(
      [4, 1].map((size) => ({ size, options: expect.objectContaining({ sync: true }) as unknown })),
    )
    await sink.close()
    const again = await openSink()
    const kept = await again.positions(orders, ['t/0', 't/1', 't/2'])
    expect(kept).toEqual(
      new Map([
        ['t/0', 5],
        ['t/1', 9],
      ]),
    )
    // Of another group they are others.
    expect(await again.positions(source({ name: 'group b' }), ['t/0'])).toEqual(new Map())
    await again.close()
    await cache.close()
  })

  test('shows its positions to no read', async () => {
    const { cache, openSink } = await setUp()
    const sink = await openSink()
    void sink.write(['a', 1])
    await sink.flush(at(orders, { 't/0': 5 }))
    for (const range of [{}, { gte: 'a' }, { reverse: true }, { reverse: true, limit: 1 }, { gt: '' }])
      expect(await collect(cache.entries(range))).toEqual([['a', 1]])
    await sink.close()
    await cache.close()
  })

  test('discards writes that its stream left without a position', async () => {
    const { level, cache, openSink } = await setUp()
    const sink = await openSink()
    void sink.write(['a', 1])
    await sink.flush(at(orders, { 't/0': 1 }))
    void sink.write(['a', 2])
    void sink.write(['b', 1])
    expect([cache.getSync('a'), cache.getSync('b')]).toEqual([2, 1])
    await sink.close()
    expect([cache.getSync('a'), cache.getSync('b')]).toEqual([1, undefined])
    await expect(sink.flush(at(orders, { 't/0': 3 }))).rejects.toMatchObject({ code: 'NOT_OPEN' })
    // Also when the cache is closed below its stream.
    const other = await openSink()
    void other.write(['a', 7])
    await cache.close()
    expect(level.batches).toHaveLength(1)
    await cache.open()
    expect(await collect(cache.entries())).toEqual([['a', 1]])
    await cache.close()
  })

  test('discards a failed batch when its stream ends', async () => {
    const { level, cache, openSink } = await setUp()
    const sink = await openSink()
    void sink.write(['a', 1])
    level.error = new Error('disk full')
    await expect(sink.flush(at(orders, { 't/0': 1 }))).rejects.toMatchObject({ code: 'CACHE_FAILED' })
    level.error = undefined
    await sink.close()
    await cache('b', 2)
    expect(await collect(cache.entries())).toEqual([['b', 2]])
    await cache.close()
  })

  test('asks for a checkpoint when its buffer is full, and writes nothing before it', async () => {
    const given = await setUp({ bufferBytes: 1000 })
    const { level, cache, openSink } = given
    const sink = await openSink()
    for (let i = 0; i < 20; i++) expect(sink.write([`key ${i}`, i])).toBeUndefined()
    await new Promise((resolve) => setImmediate(resolve))
    expect([level.batches, given.asked > 0]).toEqual([[], true])
    await sink.flush(at(orders, { 't/0': 20 }))
    expect(level.batches.map(({ size }) => size)).toEqual([21])
    await sink.close()
    await cache.close()
  })

  test('refuses writes beside its stream, and takes them before and after it', async () => {
    const { cache, openSink } = await setUp()
    await cache('a', 1)
    const sink = await openSink()
    await expect(cache('a', 2)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('return [key, value]') as string,
    })
    await expect(cache.del('a')).rejects.toMatchObject({ code: 'USAGE' })
    expect(cache.getSync('a')).toBe(1)
    await sink.close()
    await cache('a', 3)
    expect(cache.getSync('a')).toBe(3)
    await cache.close()
  })

  test('refuses sources without a name, two sources with one name, and a second stream', async () => {
    const { cache, openSink } = await setUp()
    const sink = await openSink()
    for (const unnamed of [[1, 2], source(), cache])
      await expect(sink.accepts(unnamed)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('which have to be topics') as string,
      })
    await sink.positions(orders, ['t/0'])
    const twin = source({ name: 'group a' })
    await sink.positions(twin, ['u/0'])
    await expect(sink.positions(twin, ['t/0'])).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('t/0 by two sources') as string,
    })
    await expect(openSink()).rejects.toMatchObject({ code: 'USAGE' })
    await sink.close()
    await cache.close()
  })

  test('starts again with lanes of another incarnation, where the source tells it', async () => {
    const { cache, openSink } = await setUp()
    const of = (...ids: readonly (readonly [Lane, string])[]) =>
      source({ name: 'group a', incarnations: () => new Map(ids) })
    const run = async (told: object, position?: number) => {
      const sink = await openSink()
      const kept = (await sink.positions(told, ['t/0'])) as Positions
      if (position !== undefined) await sink.flush(at(told, { 't/0': position }))
      await sink.close()
      return kept.get('t/0')
    }
    expect(await run(of(), 5)).toBe(undefined)
    // The stored position has no topic id: the topic counts as the same, and its id is stored from now on.
    expect(await run(of(['t/0', 'first']), 6)).toBe(5)
    // The driver reports no topic id now: the stored one stays.
    expect(await run(of(), 7)).toBe(6)
    expect(await run(of(['t/0', 'first']))).toBe(7)
    expect(await run(of(['t/0', 'second']), 1)).toBe(undefined)
    expect(await run(of(['t/0', 'second']))).toBe(1)
    await cache.close()
  })
})

test('refuses exactlyOnce other than true and false', () => {
  expect(() => Cache('db', { exactlyOnce: 'yes' as unknown as boolean })).toThrow('exactlyOnce is true or false')
})
