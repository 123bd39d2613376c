import { setImmediate, setTimeout } from 'node:timers/promises'
import { createApp, route, type OnError } from '@snapstream/core'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { lastingSource } from '../fixtures/lasting-source.ts'
import { collect, openSource } from '../fixtures/protocol.ts'
import { Cache } from '../index.ts'

type Key = string

const LANES = ['t/0', 't/1', 't/2', 't/3']
const lanes = (count: number, key: (lane: string, i: number) => Key = () => 'k') =>
  Object.fromEntries(LANES.map((lane) => [lane, Array.from({ length: count }, (_, i) => key(lane, i))]))
const one = (...keys: readonly Key[]) => ({ 't/0': keys })

function setUp(given: Readonly<Record<string, readonly Key[]>>, options = {}) {
  const level = new MemoryLevel()
  const totals = Cache<Key, number>(level, { exactlyOnce: true, ...options })
  const topic = lastingSource('group', given)
  const stored = async () => {
    await totals.open()
    const entries = await collect(totals.entries())
    await totals.close()
    return Object.fromEntries(entries)
  }
  const add = (key: Key, between: () => Promise<unknown> = setImmediate) =>
    totals.transaction(key, async (transaction) => {
      const total = (await transaction.get(key)) ?? 0
      await between()
      transaction.put(key, total + 1)
    })
  return { level, totals, topic, stored, add }
}

const busy = (...texts: string[]) => ({
  code: 'CACHE_BUSY',
  message: expect.stringMatching(new RegExp(texts.join('.*'))) as string,
})
const usage = (text: string) => ({ code: 'USAGE', message: expect.stringContaining(text) as string })

describe('a transaction of a message, in a cache that is exactly once', () => {
  test('counts each of 4,000 records of one key over four partitions, also when the stream fails between', async () => {
    const { totals, topic, stored, add } = setUp(lanes(1000))
    for (const failsAt of [700, 1500, Infinity]) {
      let handled = 0
      const app = createApp()
      app.snap(topic, { sink: [totals] })(async (key) => {
        await setImmediate()
        await add(key)
        if (++handled === failsAt) throw new Error('the process ends here')
      })
      const outcome = await app.stream({}, { checkpointMs: 20 }).catch((error: { code: string }) => error.code)
      expect(outcome).toBe(failsAt === Infinity ? undefined : 'HANDLER_FAILED')
    }
    expect(await stored()).toEqual({ k: 4000 })
    expect(topic.committed).toEqual([])
  })

  test('is undone with a failed attempt, and with a skipped or dead-lettered message', async () => {
    const cases: [OnError<Key>, number][] = [
      [{ retries: 2, backoffMs: 1 }, 1],
      [() => 'skip', 0],
      [{ deadLetter() {} }, 0],
    ]
    for (const [onError, expected] of cases) {
      const { totals, topic, stored, add } = setUp(one('good', 'bad', 'bad', 'good'))
      const seen = new Map<Key, number>()
      let tries = 0
      const app = createApp()
      app.snap(topic, { use: [totals], onError })(async (key) => {
        await add(key)
        await add(`${key} again`)
        await add(key)
        seen.set(key, totals.getSync(key) ?? 0)
        if (key === 'bad' && ++tries % 3 !== 0) throw new Error('not yet')
      })
      await app.stream()
      // With retries: each of both in its third try. Else: the first two are given up.
      const bad = expected === 0 ? {} : { bad: 4, 'bad again': 2 }
      expect(await stored()).toEqual({ good: 4, 'good again': 2, ...bad })
      expect(seen.get('bad')).toBe(expected === 0 ? 2 : 4)
    }
  })

  test('is undone when a sink refuses the output of its message', async () => {
    const { totals, topic, stored, add } = setUp(one('a', 'b', 'c'))
    const refuse = (key: Key) => {
      if (key === 'b') throw new Error('no')
    }
    const app = createApp()
    app.snap(topic, { use: [totals], sink: [refuse], onError: 'skip' })(async (key) => {
      await add('count')
      return key
    })
    await app.stream()
    expect(await stored()).toEqual({ count: 2 })
  })

  test('holds its keys until the message is done, so that no message reads a write that is undone', async () => {
    const { totals, topic, stored, add } = setUp({ 't/0': ['fails'], 't/1': ['waits'] })
    const log: string[] = []
    const app = createApp()
    app.snap(topic, { use: [totals], onError: 'skip' })(async (name) => {
      if (name === 'waits') await setTimeout(10)
      await add('k')
      log.push(`${name} ${totals.getSync('k')}`)
      if (name === 'fails') {
        await setTimeout(50)
        throw new Error('undone')
      }
    })
    await app.stream()
    expect(log).toEqual(['fails 1', 'waits 1'])
    expect(await stored()).toEqual({ k: 1 })
  })

  test('waits for transactions of its message on the same key, and for those of other messages at most lockWaitMs', async () => {
    const { totals, topic, stored, add } = setUp({ 't/0': ['both'], 't/1': ['late'] }, { lockWaitMs: 1000 })
    const errors: unknown[] = []
    const app = createApp()
    app.snap(topic, { use: [totals] })(async (name) => {
      if (name === 'late') {
        await setTimeout(5)
        await add('k').catch((error: unknown) => errors.push(error))
        return
      }
      await Promise.all([add('k'), add('k'), totals.transaction(['k', 'l'], (transaction) => transaction.put('l', 1))])
      await totals.transaction('k', () => add('k')).catch((error: unknown) => errors.push(error))
      while (errors.length < 2) await setTimeout(5)
    })
    await app.stream()
    expect(errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining(busy('"k"', 'another message has held', 'in one transaction')),
        expect.objectContaining(busy('"k"', 'another transaction has held', 'start no transaction')),
      ]),
    )
    expect(await stored()).toEqual({ k: 2, l: 1 })
  })

  test("is refused outside of the stream's messages, and when its message was done before it", async () => {
    const { totals, topic, stored, add } = setUp(one('a', 'b'))
    const late: Promise<unknown>[] = []
    const app = createApp()
    app.snap(topic, { use: [totals] })((key) => {
      late.push(add(key, () => setTimeout(5)).catch((error: unknown) => error))
    })
    const other = app.snap([1], { name: 'other' })(async () => {
      await setTimeout(1)
      await expect(add('c')).rejects.toMatchObject(usage('let the handler return [key, value]'))
    })
    expect(other).toBeTypeOf('function')
    await app.stream()
    expect(await Promise.all(late)).toMatchObject([usage('await it in the handler'), usage('await it in the handler')])
    expect(await stored()).toEqual({})
    // Before and after the stream it is one like any other.
    await totals.open()
    await add('d')
    await totals.close()
    expect(await stored()).toEqual({ d: 1 })
  })

  test('is published to a live view when its message is kept', async () => {
    const { totals, topic, add } = setUp(one('good', 'bad', 'good'))
    await totals.open()
    const reader = await openSource(totals)
    const app = createApp()
    app.snap(topic, { use: [totals], onError: 'skip' })(async (key) => {
      await add(key)
      if (key === 'bad') throw new Error('no')
    })
    await app.stream()
    expect((await reader.read())?.messages).toEqual([['good', 2]])
    await totals.close()
  })

  test('asks for a checkpoint when the buffer is full', async () => {
    const { totals, topic, stored, add } = setUp(one(...Array.from({ length: 40 }, (_, i) => `key ${i}`)), {
      bufferBytes: 2000,
    })
    const app = createApp()
    app.snap(topic, { use: [totals] })((key) => add(key))
    let checkpoints = 0
    app.on('checkpoint', () => void checkpoints++)
    await app.stream({}, { checkpointMs: 60_000 })
    expect(checkpoints).toBeGreaterThan(2)
    expect(Object.keys(await stored())).toHaveLength(40)
  })
})

describe('an update of one key from several partitions, in a cache that is exactly once', () => {
  test('is correct without a transaction if nothing is awaited between reading and returning', async () => {
    const { totals, topic, stored } = setUp(lanes(200))
    const app = createApp()
    app.snap(topic, { sink: [totals] })(async (key) => {
      await setImmediate()
      return [key, (totals.getSync(key) ?? 0) + 1] as const
    })
    await app.stream().catch(() => {})
    app.snap(topic, { sink: [totals] })((key) => [key, (totals.getSync(key) ?? 0) + 1] as const)
    await app.stream()
    expect(await stored()).toEqual({ k: 800 })
  })

  test('is refused if another message wrote the key since it was read', async () => {
    for (const read of ['get', 'getSync', 'getMany'] as const) {
      const { totals, topic, stored } = setUp({ 't/0': ['k'], 't/1': ['k'] })
      const app = createApp()
      app.snap(topic, { sink: [totals] })(async (key) => {
        const found = read === 'getMany' ? (await totals.getMany([key]))[0] : await totals[read](key)
        await setTimeout(5)
        return [key, (found ?? 0) + 1] as const
      })
      await expect(app.stream()).rejects.toMatchObject({
        ...busy('"k" was written by another message', 'in one transaction'),
        cause: { key: 'k' },
      })
      // Neither is kept, so that nothing is lost.
      expect(await stored()).toEqual({})
    }
  })

  test('is not refused for writes of its own message, nor for keys that it did not read', async () => {
    const { totals, topic, stored, add } = setUp({ 't/0': ['a', 'a'], 't/1': ['b', 'b'] })
    const app = createApp()
    app.snap(topic, { sink: [totals] })(async function* (key) {
      const before = (await totals.get(key)) ?? 0
      yield [key, before + 1] as const
      yield [key, before + 2] as const
      await add(key)
      yield [key, (totals.getSync(key) ?? 0) + 1] as const
      yield ['last', 1] as const
    })
    await app.stream()
    expect(await stored()).toEqual({ a: 8, b: 8, last: 1 })
  })
})

describe('a cache that is exactly once and its sub-caches', () => {
  for (const bind of ['two sinks', 'a route', 'two bindings'] as const)
    test(`are fed as one sink by ${bind}`, async () => {
      const { level, totals, topic, stored } = setUp(one('a', 'b', 'a'))
      const other = lastingSource('other', one('x', 'y'))
      const seen = totals.sub<Key, number>('seen')
      let batches = 0
      const backend = level as unknown as { _batch(operations: unknown[], options: unknown): Promise<void> }
      const write = backend._batch.bind(level)
      backend._batch = (operations, options) => {
        batches++
        return write(operations, options)
      }
      const run = async () => {
        const app = createApp()
        const count = (cache: typeof totals) => (key: Key) => [key, (cache.getSync(key) ?? 0) + 1] as const
        if (bind === 'two sinks') app.snap(topic, { sink: [totals, seen] })(count(totals))
        else if (bind === 'a route')
          app.snap(topic, { sink: [route({ totals, seen }, () => ['totals', 'seen'] as const)] })(count(totals))
        else {
          app.snap(topic, { sink: [totals] })(count(totals))
          app.snap(other, { sink: [seen] })(count(seen))
        }
        // What feeds others has positions too, which are none of the cache's business.
        app.snap([1, 2, 3])(() => {})
        await app.stream()
      }
      await run()
      expect(batches).toBe(1)
      await run()
      expect(batches).toBe(1)
      expect(await stored()).toEqual({ a: 2, b: 1 })
      await totals.open()
      const expected = bind === 'two bindings' ? { x: 1, y: 1 } : { a: 2, b: 1 }
      expect(Object.fromEntries(await collect(seen.entries()))).toEqual(expected)
      await totals.close()
    })

  test('refuse bindings that cannot be one with them', async () => {
    const { totals, topic } = setUp(one('a'))
    const another = Cache<Key, number>(new MemoryLevel(), { exactlyOnce: true })
    const handler = (key: Key) => [key, 1] as const
    const app = createApp()
    app.snap(topic, { sink: [totals, another] })(handler)
    await expect(app.stream()).rejects.toMatchObject(
      usage('has to be the only one of its source; for another, read the source under another groupId'),
    )
    app.snap(topic, { sink: [totals] })(handler)
    app.snap(topic, { sink: [totals.sub<Key, number>('s')] })(handler)
    await expect(app.stream()).rejects.toMatchObject(
      usage('has to be the only one of its source; for another, read the source under another groupId'),
    )
    app.snap(topic, {
      sink: [route({ totals, log: console.log as (input: readonly [Key, number]) => void }, () => 'log')],
    })(handler)
    await expect(app.stream()).rejects.toMatchObject(usage('bind the others beside the route'))
  })
})
