import { setTimeout } from 'node:timers/promises'
import type { SyncCodec } from '@snapstream/core'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { openSink, openSource } from '../fixtures/protocol.ts'
import { Cache, DELETE } from '../index.ts'

async function setUp(codec?: SyncCodec<number>) {
  const cache = Cache<string, number>(new MemoryLevel(), { codec })
  await cache.open()
  return { cache, sink: await openSink(cache) }
}

describe('a cache as a source', () => {
  test('gives the updates of sinks and calls since the reader was opened, when they become visible', async () => {
    const { cache, sink } = await setUp()
    await cache('before', 0)
    const reader = await openSource(cache)
    await sink.write(['a', 1])
    const call = cache('b', 2)
    const batch = await reader.read()
    expect(batch?.messages).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    expect(batch!.bytes).toBeGreaterThan(0)
    expect([batch!.position(0), batch!.position(2)]).toEqual([0, 2])
    await call
    await reader.close()
    await cache.close()
  })

  test('a reader is caught up once every update that it knows of is handled', async () => {
    const { cache, sink } = await setUp()
    const reader = await openSource(cache)
    const isCaughtUp = (handled?: number) => reader.caughtUp?.('updates', handled)
    expect(isCaughtUp()).toBe(true)
    await sink.write(['a', 1])
    expect(isCaughtUp()).toBe(false)
    await reader.read()
    expect([isCaughtUp(), isCaughtUp(1)]).toEqual([false, true])
    await sink.write(['b', 2])
    expect(isCaughtUp(1)).toBe(false)
    await reader.close()
    await cache.close()
  })

  test('a key that is not read yet keeps its position and gets the newer value; a deleted one is dropped', async () => {
    const { cache, sink } = await setUp()
    const reader = await openSource(cache)
    for (const [key, value] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
      ['a', 4],
      ['b', DELETE],
    ] as const)
      await sink.write([key, value])
    expect((await reader.read())?.messages).toEqual([
      ['a', 4],
      ['c', 3],
    ])
    await reader.close()
    await cache.close()
  })

  test('waits while there is no update, and while two batches are unfinished', async () => {
    const { cache, sink } = await setUp()
    const reader = await openSource(cache)
    const pending = Promise.resolve(reader.read())
    await setTimeout(2)
    await sink.write(['a', 1])
    const first = (await pending)!
    await sink.write(['b', 2])
    await reader.read()
    await sink.write(['c', 3])
    let third: unknown
    const waiting = Promise.resolve(reader.read()).then((batch) => (third = batch?.messages))
    await setTimeout(5)
    expect(third).toBeUndefined()
    first.done(1)
    await waiting
    expect(third).toEqual([['c', 3]])
    await reader.close()
    await cache.close()
  })

  test('hands out bounded batches, in order', async () => {
    const { cache, sink } = await setUp()
    const reader = await openSource(cache)
    for (let i = 0; i < 2500; i++) await sink.write([`key ${i}`, i])
    const sizes: number[] = []
    let expected = 0
    while (expected < 2500) {
      const batch = (await reader.read())!
      sizes.push(batch.messages.length)
      for (const [, value] of batch.messages) expect(value).toBe(expected++)
      batch.done(batch.messages.length)
      batch.done(batch.messages.length)
    }
    expect(sizes).toEqual([1000, 1000, 500])
    await reader.close()
    await cache.close()
  })

  test.each(['close', 'abort', 'cache'] as const)('ends on %s, also during a read', async (how) => {
    const { cache, sink } = await setUp()
    const aborter = new AbortController()
    const reader = await openSource(cache, aborter)
    const pending = reader.read()
    await setTimeout(1)
    if (how === 'close') await reader.close()
    else if (how === 'abort') aborter.abort()
    else await cache.close()
    expect(await pending).toBeUndefined()
    if (how !== 'cache') {
      await sink.write(['a', 1])
      await cache.close()
    }
    expect(await reader.read()).toBeUndefined()
    const late = await openSource(cache, aborter)
    if (how !== 'abort') await late.close()
    expect(await late.read()).toBeUndefined()
  })

  test('serves readers independently', async () => {
    const { cache, sink } = await setUp()
    const [one, two] = [await openSource(cache), await openSource(cache)]
    await sink.write(['a', 1])
    expect((await one.read())?.messages).toEqual([['a', 1]])
    await one.close()
    await sink.write(['a', 2])
    expect((await two.read())?.messages).toEqual([['a', 2]])
    await two.close()
    await cache.close()
  })

  test('turns a value that does not decode into the error of that message', async () => {
    const { cache, sink } = await setUp({
      encode: (value) => new Uint8Array([value]),
      decode: ([byte = 0]) => {
        if (byte === 2) throw new Error('two')
        return byte
      },
    })
    const reader = await openSource(cache)
    await sink.write(['a', 1])
    await sink.write(['b', 2])
    const batch = (await reader.read())!
    expect([batch.error?.(0), batch.messages[0]]).toEqual([undefined, ['a', 1]])
    expect(batch.error?.(1)).toMatchObject({ code: 'DECODE_FAILED', key: 'b' })
    await reader.close()
    await cache.close()
  })

  test('identifies byte keys by their content', () => {
    const cache = Cache<Uint8Array, number>(new MemoryLevel())
    const key = cache['~snapstream.key']!
    expect(key([new Uint8Array([1]), 1])).toBe(key([new Uint8Array([1]), 2]))
    expect(key([new Uint8Array([1]), 1])).not.toBe(key([new Uint8Array([2]), 1]))
  })
})
