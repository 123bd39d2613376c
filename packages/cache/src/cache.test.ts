import { readFileSync } from 'node:fs'
import { StringCodec, type SyncCodec } from '@snapstream/core'
import { MemoryLevel } from 'memory-level'
import { MemoryLevel as MemoryLevel1 } from 'memory-level-1'
import { describe, expect, test } from 'vitest'
import { Cache, DELETE, type CacheKey } from './index.ts'
import { collect, openSink } from './fixtures/protocol.ts'
import { tempFolder } from './fixtures/temp-folder.ts'

const opened = async <V = unknown>(codec?: SyncCodec<V>) => {
  const cache = Cache<CacheKey, V>(new MemoryLevel(), { codec })
  await cache.open()
  return cache
}

describe('Cache', () => {
  test.each([[''], [42], [null], [{}], [undefined]])('refuses %j as a location', (location) => {
    expect(() => Cache(location as string)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })

  test.each([
    [{ codecs: 1 }, 'codecs'],
    [{ bufferBytes: -1 }, 'bufferBytes'],
    [{ bufferBytes: '16' }, 'bufferBytes'],
    [{ codec: {} }, 'codec'],
    [null, 'options'],
  ])('refuses the options %j', (options, named) => {
    expect(() => Cache('db', options as object)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => Cache('db', options as object)).toThrow(named)
  })

  test('refuses a database of abstract-level 1, and names the version that is needed', () => {
    expect(() => Cache(new MemoryLevel1() as unknown as string)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringMatching(
          /abstract-level 2 or newer, got a MemoryLevel, .*abstract-level 1; install/,
        ) as string,
      }),
    )
  })

  test('is opened and closed by for await', async () => {
    const folder = tempFolder()
    const cache = Cache<string, number>(folder)
    await cache.open()
    await cache.batch([
      { type: 'put', key: 'b', value: 2 },
      { type: 'put', key: 'a', value: 1 },
    ])
    await cache.close()
    const seen: [string, number][] = []
    for await (const [key, value] of cache) seen.push([key, value])
    expect(seen).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    for await (const [key] of cache) if (key === 'a') break
    expect(() => cache.getSync('a')).toThrow(expect.objectContaining({ code: 'NOT_OPEN' }))
    // The folder is free again.
    await expect(collect(Cache(folder))).resolves.toEqual(seen)
  })

  test('names the remedy when it is used before it is open', async () => {
    const cache = Cache<string, number>('db/never')
    const notOpen = expect.objectContaining({
      code: 'NOT_OPEN',
      message: expect.stringMatching(/"db\/never".*await cache\.open\(\)/) as string,
    })
    expect(() => cache.getSync('a')).toThrow(notOpen)
    await expect(cache.get('a')).rejects.toEqual(notOpen)
    await expect(cache.has('a')).rejects.toEqual(notOpen)
    await expect(cache('a', 1)).rejects.toEqual(notOpen)
    await expect(cache.del('a')).rejects.toEqual(notOpen)
    await expect(collect(cache.entries())).rejects.toEqual(notOpen)
    const sink = await openSink(cache)
    expect(() => sink.write(['a', 1])).toThrow(notOpen)
  })

  test.each([
    [undefined, 'undefined'],
    [() => {}, 'Function'],
    [Number.NaN, 'NaN'],
    [1n, 'BigInt'],
    [Symbol('s'), 'Symbol'],
    [new Map([[1, 2]]), 'Map'],
    [{ deep: [{ size: Infinity }] }, '.deep[0].size is Infinity'],
    [[undefined], '[0] is undefined'],
    [{ at: new Date(Number.NaN) }, '.at is an invalid Date'],
  ])('refuses the value %s, which JSON would lose', async (value, named) => {
    const cache = await opened()
    await expect(cache('the key', value)).rejects.toThrow(
      expect.objectContaining({ code: 'ENCODE_FAILED', key: 'the key' }),
    )
    await expect(cache('the key', value)).rejects.toThrow(named)
    await expect(cache('the key', value)).rejects.toThrow('"the key"')
    expect(await cache.has('the key')).toBe(false)
    await cache.close()
  })

  test('takes null, and objects whose fields may be undefined', async () => {
    const cache = await opened()
    await cache('a', null)
    await cache('b', { maybe: undefined, at: new Date(0) })
    expect([cache.getSync('a'), cache.getSync('b')]).toEqual([null, { at: '1970-01-01T00:00:00.000Z' }])
    await cache.close()
  })

  test('is not changed by later changes of a value', async () => {
    const cache = await opened<{ list: number[] }>()
    const sink = await openSink(cache)
    const value = { list: [1] }
    const key = new Uint8Array([1])
    await sink.write([key, value])
    value.list.push(2)
    cache.getSync(key)!.list.push(3)
    key[0] = 9
    expect(cache.getSync(new Uint8Array([1]))).toEqual({ list: [1] })
    expect(await cache.has(key)).toBe(false)
    await cache.close()
  })

  test('refuses a codec that returns a promise', async () => {
    const slow = { encode: async () => new Uint8Array(), decode: async () => 1 }
    const cache = await opened(slow as unknown as SyncCodec<number>)
    await expect(cache('a', 1)).rejects.toThrow('synchronous codec')
    await cache.close()
    const failing = { encode: () => Promise.reject(new Error('later')), decode: () => 1 }
    const other = await opened(failing as unknown as SyncCodec<number>)
    await expect(other('a', 1)).rejects.toThrow('synchronous codec')
    await other.close()
  })

  test('names the cache and the key of a value that does not decode', async () => {
    const db = new MemoryLevel<Uint8Array, Uint8Array>({ keyEncoding: 'view', valueEncoding: 'view' })
    const text = Cache<string, string>(db)
    await text.open()
    const bytes = Cache<string, string>(db.sublevel('other'), { codec: StringCodec() })
    await bytes.open()
    await db.put(new Uint8Array([0x30, 0x61]), new Uint8Array([0x22, 0xff, 0x22]))
    await db.put(new Uint8Array([0x30, 0x62]), new Uint8Array([0x7b]))
    for (const key of ['a', 'b']) {
      const failed = expect.objectContaining({
        code: 'DECODE_FAILED',
        key,
        message: expect.stringContaining(`"${key}"`) as string,
      })
      await expect(text.get(key)).rejects.toEqual(failed)
      expect(() => text.getSync(key)).toThrow(failed)
    }
    await expect(collect(text.entries())).rejects.toMatchObject({ code: 'DECODE_FAILED' })
    await text.close()
    await bytes.close()
  })

  test('refuses inputs other than pairs, as a sink', async () => {
    const cache = await opened()
    const sink = await openSink(cache)
    for (const value of ['text', ['a'], ['a', 1, 2], { key: 1 }, undefined])
      expect(() => sink.write(value as never)).toThrow(expect.objectContaining({ code: 'SINK_REFUSED' }))
    expect(() => sink.write([Number.NaN, 1])).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => sink.write(['a', undefined])).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }))
    expect(await collect(cache.entries())).toEqual([])
    await cache.close()
  })

  test.each([[{ gtt: 1 }], [{ limit: 1.5 }], [{ gte: Number.NaN }]])('refuses the range %j', async (range) => {
    const cache = await opened()
    await expect(collect(cache.entries(range as object))).rejects.toMatchObject({ code: 'USAGE' })
    await cache.close()
  })

  test('closes its iterator when a loop is left', async () => {
    const cache = await opened()
    for (let i = 0; i < 10; i++) await cache(i, i)
    for await (const [key] of cache.entries()) if (key === 3) break
    await expect(cache.close()).resolves.toBeUndefined()
  })

  test('shares DELETE between copies of the package', () => {
    expect(DELETE).toBe(Symbol.for('snapstream.delete'))
  })

  test('creates parent folders, and closes after a failed opening', async () => {
    const folder = `${tempFolder()}/a/b/c`
    await using cache = Cache<string, number>(folder)
    await cache.open()
    await cache('a', 1)
    expect(readFileSync(`${folder}/CURRENT`, 'utf8')).toContain('MANIFEST')
  })
})
