import { createApp, StringCodec } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import { createFailingLevel } from './fixtures/failing-level.ts'
import { checkpoint, collect, openSink, openSource } from './fixtures/protocol.ts'
import { tempFolder } from './fixtures/temp-folder.ts'
import { Cache } from './index.ts'

async function setUp(options: { bufferBytes?: number } = {}) {
  const level = createFailingLevel()
  const cache = Cache<string, number>(level.db, options)
  await cache.open()
  const sizes = () => level.batches.map(({ size }) => size)
  return { level, cache, sub: cache.sub<string, number>('sub'), sizes }
}

describe('a sub-cache', () => {
  test('is written with its parent in one batch, by the checkpoint of a stream', async () => {
    const { cache, sub, sizes } = await setUp()
    const app = createApp()
    app.snap(['a', 'b'], { sink: [cache, sub] })((letter) => [letter, letter.length] as const)
    await app.stream({}, {})
    expect(sizes()).toEqual([4])
    await cache.close()
  })

  test('shares a batch with its parent across bindings, and after a failure', async () => {
    const { level, cache, sub, sizes } = await setUp()
    const [one, two] = [await openSink(cache), await openSink(sub)]
    await one.write(['a', 1])
    await two.write(['a', 2])
    level.error = new Error('disk full')
    const flushes = [one, two].map(async (sink) => sink.flush(checkpoint))
    expect(await Promise.allSettled(flushes)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
    expect([cache.getSync('a'), sub.getSync('a')]).toEqual([1, 2])
    level.error = undefined
    await one.flush(checkpoint)
    expect(sizes()).toEqual([2, 2, 2])
    await two.flush(checkpoint)
    expect(sizes()).toHaveLength(3)
    await cache.close()
  })

  test('shares the buffer with its parent', async () => {
    const { cache, sub, sizes } = await setUp({ bufferBytes: 1000 })
    const [one, two] = [await openSink(cache), await openSink(sub)]
    for (const key of ['a', 'b', 'c', 'd']) await one.write([key, 1])
    expect(sizes()).toEqual([])
    await two.write(['a', 1])
    expect(sizes()).toEqual([5])
    await cache.close()
  })

  test('is a source of its own', async () => {
    const { cache, sub } = await setUp()
    const reader = await openSource(sub)
    await cache('a', 1)
    await sub('b', 2)
    expect((await reader.read())?.messages).toEqual([['b', 2]])
    await cache.close()
    expect(await reader.read()).toBeUndefined()
  })

  test('has its own codec, and keeps its entries', async () => {
    const folder = tempFolder()
    for (const round of [1, 2]) {
      const cache = Cache<string, number>(folder)
      const sub = cache.sub<number, string>('text', { codec: StringCodec() })
      await sub.open()
      expect(await collect(sub.entries())).toEqual(round === 1 ? [] : [[7, 'seven']])
      expect(await cache.subs()).toEqual(round === 1 ? [] : ['text'])
      await sub(7, 'seven')
      await cache('seven', 7)
      await sub.close()
    }
  })

  test('opens and closes with the other caches, by count', async () => {
    const cache = Cache<string, number>(tempFolder())
    const sub = cache.sub<string, number>('sub')
    await Promise.all([cache.open(), sub.open()])
    await cache.close()
    await sub('a', 1)
    expect(await cache.get('a')).toBeUndefined()
    await sub.close()
    await expect(cache.subs()).rejects.toMatchObject({ code: 'NOT_OPEN' })
    await expect(sub.get('a')).rejects.toMatchObject({ code: 'NOT_OPEN' })
  })

  test('is the same object for the same name, and refuses other options', async () => {
    const { cache, sub } = await setUp()
    const codec = StringCodec()
    const text = cache.sub('text', { codec })
    expect(cache.sub('sub')).toBe(sub)
    expect(cache.sub('text', { codec })).toBe(text)
    expect(() => cache.sub('text', { codec: StringCodec() })).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => cache.sub('text', {})).toThrow('"text"')
    await cache.close()
  })

  test.each([[''], ['a\0b'], ['\uD800'], [7], [undefined]])('refuses %j as a name', async (name) => {
    const { cache } = await setUp()
    expect(() => cache.sub(name as string)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    await cache.close()
  })

  test('names itself and its parents in errors', async () => {
    const { cache, sub } = await setUp()
    await expect(sub.sub('deep')('a', undefined)).rejects.toThrow(
      /^the sub-cache "deep" of the sub-cache "sub" of the cache over/,
    )
    expect(() => cache.sub('other', { bufferBytes: 1 } as object)).toThrow('a sub-cache takes the options codec')
    await cache.close()
  })
})
