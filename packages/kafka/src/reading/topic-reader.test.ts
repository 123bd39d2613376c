import type { Codec } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import { batch, opened, quiet, values } from '../fixtures/scripted-consumer.ts'

describe('one consumer for two topics', () => {
  test('a shared consumer starts at the first read, with the topics of both readers', async () => {
    const { state, a, at, log } = await opened({ a: {}, b: { offset: 4 } })
    expect(state.consumers).toBe(0)
    void a.read()
    await quiet()
    expect(state.settings?.topics).toEqual(['a', 'b'])
    expect([state.settings?.startOffset?.('a', 0), state.settings?.startOffset?.('b', 0)]).toEqual([undefined, 4])
    await state.settings?.assigned([at('a', 0), at('b', 1), at('a', 1)])
    expect(log).toEqual(['a assigned a/0,a/1', 'b assigned b/1'])
  })

  test('each reader gets the batches of its own topic, whether or not the other reads', async () => {
    const { state, a, b, at } = await opened({ a: {}, b: {} })
    const first = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0), at('b', 0)])
    state.give(batch('b', 0, 0, ['x']), batch('b', 0, 1, ['y']), batch('a', 0, 0, ['p', 'q']))
    const got = await first
    expect(values(got)).toEqual(['p', 'q'])
    expect(got?.lane).toBe('a/0')
    expect(values(await b.read())).toEqual(['x'])
    expect(values(await b.read())).toEqual(['y'])
    expect(state.released).toEqual([])
    got?.done(1)
    expect(state.released).toEqual([])
    got?.done(2)
    got?.done(2)
    expect(state.released).toHaveLength(1)
  })

  test('a shared consumer closes with its last reader', async () => {
    const { state, a, b } = await opened({ a: {}, b: {} })
    const [one, two] = [a.read(), b.read()]
    await quiet()
    await a.close()
    expect(await one).toBeUndefined()
    expect(state.closed).toBe(false)
    await b.close()
    expect(await two).toBeUndefined()
    expect(state.closed).toBe(true)
  })

  test('an error of a shared consumer rejects the reads of all its readers', async () => {
    const { state, a, b } = await opened({ a: {}, b: {} })
    const reads = [a.read(), b.read()]
    await quiet()
    state.fail(new Error('gone'))
    for (const read of reads) await expect(read).rejects.toThrow('gone')
    await expect(a.read()).rejects.toThrow('gone')
  })

  test('a reader that never read closes without opening a consumer', async () => {
    const { state, a, b } = await opened({ a: {}, b: {} })
    await a.close()
    await b.close()
    expect(state.consumers).toBe(0)
  })
})

describe('lag', () => {
  test('the lag counts from the handled position, or from the start, to the last known end; it is unknown while paused', async () => {
    const { state, a, at, topic } = await opened({ a: {} })
    expect(a.lag?.(new Map())).toBeUndefined()
    const first = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0, 10), at('a', 1), at('a', 2)])
    expect(a.lag?.(new Map())).toBeUndefined()
    state.give({ ...batch('a', 0, 10, ['p', 'q']), endOffset: 20 }, { ...batch('a', 1, 0, ['x'], 3), endOffset: 3 })
    await first
    await a.read()
    expect(a.lag?.(new Map())).toBe(13)
    // The batch covers skipped offsets: no record is left behind its last one.
    expect(
      a.lag?.(
        new Map([
          ['a/0', 11],
          ['a/1', 3],
        ]),
      ),
    ).toBe(9)
    state.give({ ...batch('a', 0, 12, ['r']), endOffset: 13 })
    await quiet()
    expect(
      a.lag?.(
        new Map([
          ['a/0', 12],
          ['a/1', 3],
        ]),
      ),
    ).toBe(1)
    topic.pause()
    expect(a.lag?.(new Map([['a/0', 12]]))).toBeUndefined()
  })
})

test('a lane is caught up once its handled position is at the known end, and not while it is stopped', async () => {
  const { state, a, at, topic } = await opened({ a: {} })
  const first = a.read()
  await quiet()
  await state.settings?.assigned([at('a', 0, 10), at('a', 1, 4)])
  expect([a.caughtUp?.('a/0', undefined), a.caughtUp?.('a/9', undefined)]).toEqual([false, false])
  state.settings?.onEndOffset?.(at('a', 1, 4))
  state.give({ ...batch('a', 0, 10, ['p', 'q']), endOffset: 13 })
  await first
  expect(a.caughtUp?.('a/1', undefined)).toBe(true)
  // It ends with an offset that has no record.
  expect([10, 12, 13].map((handled) => a.caughtUp?.('a/0', handled))).toEqual([false, false, true])
  state.settings?.onEndOffset?.(at('a', 1, 5))
  expect([4, 5].map((handled) => a.caughtUp?.('a/1', handled))).toEqual([false, true])
  topic.pause()
  expect(a.caughtUp?.('a/1', 5)).toBe(false)
})

test('the start of a lane is known once the engine may handle its messages, and follows commits and seeks', async () => {
  const { state, a, at, hooks, topic, log } = await opened({ a: {} })
  const starts: unknown[] = []
  hooks.assigned = () => {
    starts.push(a.startOf?.('a/0'))
    return undefined
  }
  void a.read()
  await quiet()
  const assigned = state.settings?.assigned([at('a', 0, 10)])
  const sought = topic.seek(7, { partition: 0 })
  await Promise.all([assigned, sought])
  await quiet()
  expect([starts[0], a.startOf?.('a/0'), a.startOf?.('a/1')]).toEqual([undefined, 7, undefined])
  await a.commit(new Map([['a/0', 8]]))
  expect(a.startOf?.('a/0')).toBe(8)
  await topic.seek(3, { partition: 0 })
  await quiet()
  expect([starts.at(-1), a.startOf?.('a/0')]).toEqual([3, 3])
  hooks.revoked = async () => void starts.push(a.startOf?.('a/0'))
  await state.settings?.revoked([at('a', 0)], 'revoked')
  // The last checkpoint commits it.
  expect([starts.at(-1), a.startOf?.('a/0')]).toEqual([3, undefined])
  expect(log.at(-1)).toBe('a gave up a/0')
})

describe('ready', () => {
  test('a reader is ready once it is assigned partitions or none is left, and knows its lag once it knows the end of each', async () => {
    const { state, a, b, at, topic } = await opened({ a: {}, b: {} })
    const ready = () => [a, b].map((reader) => [reader.ready?.(false), reader.ready?.(true)])
    void a.read()
    await quiet()
    expect(ready()).toEqual([
      [false, false],
      [false, false],
    ])
    await state.settings?.assigned([at('a', 0, 4), at('a', 1, 2), at('a', 2)])
    expect(ready()).toEqual([
      [true, false],
      [true, true],
    ])
    state.give({ ...batch('a', 0, 4, ['p']), endOffset: 20 })
    state.settings?.onEndOffset?.(at('a', 1, 2))
    await quiet()
    expect([...ready()[0]!, a.lag?.(new Map())]).toEqual([true, false, 16])
    state.settings?.onEndOffset?.(at('a', 2, 5))
    // These partitions do not belong to this reader, or not any more.
    state.settings?.onEndOffset?.(at('b', 0, 5))
    expect([...ready()[0]!, a.lag?.(new Map()), b.lag?.(new Map())]).toEqual([true, true, 21, undefined])
    await state.settings?.revoked([at('a', 0), at('a', 1), at('a', 2)], 'revoked')
    await state.settings?.assigned([at('a', 3)])
    expect(ready()[0]).toEqual([true, false])
    topic.pause()
    expect(ready()[0]).toEqual([true, true])
  })
})

describe('revoked and lost partitions', () => {
  test('a partition that is revoked can be committed until the engine is done with it, and its batches are dropped', async () => {
    const { state, a, at, log, hooks } = await opened({ a: {} })
    const first = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0), at('a', 1)])
    state.give(batch('a', 0, 0, ['p']), batch('a', 0, 1, ['dropped']), batch('a', 1, 0, ['kept']))
    await first
    await quiet()
    hooks.revoked = async () => a.commit(new Map([['a/0', 1]]))
    await state.settings?.revoked([at('a', 0)], 'revoked')
    expect(state.commits).toEqual([[at('a', 0, 1)]])
    expect(values(await a.read())).toEqual(['kept'])
    await a.commit(new Map([['a/0', 2]]))
    expect(state.commits).toHaveLength(1)
    expect(log.slice(1)).toEqual(['a revoked a/0', 'a gave up a/0'])
  })

  test('a partition that is lost is not committed', async () => {
    const { state, a, at, hooks } = await opened({ a: {} })
    void a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0)])
    hooks.revoked = async () => a.commit(new Map([['a/0', 1]]))
    await state.settings?.revoked([at('a', 0)], 'lost')
    expect(state.commits).toEqual([])
  })

  test('a partition that is revoked and assigned again during a decode does not deliver the older batch', async () => {
    const gates: (() => void)[] = []
    const codec: Codec<string> = {
      encode: (value) => Buffer.from(value),
      decode: (bytes) => new Promise<string>((resolve) => gates.push(() => resolve(Buffer.from(bytes).toString()))),
    }
    const { state, a, at } = await opened({ a: { codec } })
    const read = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0)])
    state.give(batch('a', 0, 0, ['old']))
    await quiet()
    await state.settings?.revoked([at('a', 0)], 'revoked')
    await state.settings?.assigned([at('a', 0)])
    gates.shift()?.()
    await quiet()
    state.give(batch('a', 0, 0, ['new']))
    await quiet()
    gates.shift()?.()
    expect(values(await read)).toEqual(['new'])
  })

  test('the engine may set the start of an assigned partition', async () => {
    const { state, a, at, hooks } = await opened({ a: {} })
    void a.read()
    await quiet()
    hooks.assigned = () => new Map([['a/1', '7']])
    expect(await state.settings?.assigned([at('a', 0, 3), at('a', 1, 3)])).toEqual([at('a', 1, 7)])
  })
})

describe('positions', () => {
  test('a batch without messages moves the position in its turn', async () => {
    const { state, a, at } = await opened({ a: {} })
    const read = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0)])
    state.give(batch('a', 0, 0, ['p']), batch('a', 0, 1, [null]), batch('a', 0, 2, [], 5))
    const given = [await read, await a.read(), await a.read()]
    expect(given.map((one) => [one?.messages.length, one?.position(one.messages.length)])).toEqual([
      [1, 1],
      [0, 2],
      [0, 5],
    ])
    expect(state.released).toEqual([])
    for (const one of given) one?.done(one.messages.length)
    expect(state.released).toHaveLength(3)
    await a.commit(new Map([['a/0', 5]]))
    expect(state.commits).toEqual([[at('a', 0, 5)]])
    expect(a.lag?.(new Map([['a/0', 5]]))).toBe(0)
  })

  test('a batch without messages does not move the position before the batches ahead of it are handled', async () => {
    const { state, a, at } = await opened({ a: {} })
    const read = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0)])
    state.give(batch('a', 0, 0, ['p', 'q']), batch('a', 0, 2, [], 5))
    const got = await read
    void a.read()
    await quiet()
    await a.commit(new Map([['a/0', got?.position(1) ?? -1]]))
    expect(state.commits).toEqual([[at('a', 0, 1)]])
  })
})

describe('a partition that is sought', () => {
  test('a partition that is sought begins there, even if an older batch was in flight', async () => {
    const { state, a, at, log, topic } = await opened({ a: {} })
    const first = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0), at('a', 1)])
    state.give(batch('a', 0, 0, ['p', 'q']), batch('a', 0, 2, ['dropped']), batch('a', 1, 0, ['kept']))
    expect(values(await first)).toEqual(['p', 'q'])
    await quiet()
    await topic.seek(5, { partition: 0 })
    await quiet()
    expect(log.slice(1)).toEqual(['a paused a/0', 'a gave up a/0', 'a assigned a/0'])
    expect(state.seeks).toEqual([at('a', 0, 5)])
    expect(state.commits).toEqual([[at('a', 0, 5)]])
    // The batches of the old lane still have to be released, though the engine does not do so any more.
    expect(state.released.map((one) => one.offset(0))).toEqual([0, 2])
    expect(values(await a.read())).toEqual(['kept'])
    const next = a.read()
    state.give(batch('a', 0, 3, ['from before']), batch('a', 0, 5, ['there']))
    expect(values(await next)).toEqual(['there'])
    expect(state.seeks).toEqual([at('a', 0, 5), at('a', 0, 5)])
    expect(state.released.map((one) => one.offset(0))).toEqual([0, 2, 3])
  })

  test('the next owner of a partition that was sought and revoked goes on from there', async () => {
    const { state, a, at, hooks, topic } = await opened({ a: {} })
    const first = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0)])
    state.give(batch('a', 0, 0, ['p', 'q']))
    await first
    const finish: (() => void)[] = []
    hooks.revoked = () => new Promise<void>((resolve) => finish.push(resolve))
    await topic.seek(7)
    const revoked = state.settings?.revoked([at('a', 0)], 'revoked')
    await a.commit(new Map([['a/0', 1]]))
    finish[0]?.()
    await quiet()
    expect(state.commits).toEqual([[at('a', 0, 1)], [at('a', 0, 7)]])
    // Positions of the engine from before the seek do not count any more.
    await a.commit(new Map([['a/0', 2]]))
    finish[1]?.()
    await revoked
    expect(state.commits.at(-1)).toEqual([at('a', 0, 7)])
    expect(state.seeks).toEqual([])
    await expect(topic.seek(1)).rejects.toMatchObject({ code: 'NOT_OPEN' })
  })

  test('a partition that is sought and lost meanwhile is not committed', async () => {
    const { state, a, at, hooks, topic } = await opened({ a: {} })
    void a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0)])
    let finish = () => {}
    const inFlight = new Promise<void>((resolve) => (finish = resolve))
    hooks.revoked = () => inFlight
    await topic.seek(7)
    const lost = state.settings?.revoked([at('a', 0)], 'lost')
    finish()
    await lost
    await quiet()
    expect([state.commits, state.seeks]).toEqual([[], []])
  })
})

describe('a topic that is paused', () => {
  test('a paused topic keeps batches that arrive, does not deliver them, and reads them again', async () => {
    const { state, a, at, log, topic } = await opened({ a: {} })
    const first = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0)])
    state.give(batch('a', 0, 0, ['p', 'q']))
    const got = await first
    topic.pause()
    expect(log.at(-1)).toBe('a paused a/0')
    await a.commit(new Map([['a/0', got?.position(1) ?? -1]]))
    state.give(batch('a', 0, 2, ['r']))
    await quiet()
    let read = false
    const next = Promise.resolve(a.read()).then((one) => {
      read = true
      return one
    })
    await quiet()
    expect([read, state.released.length]).toEqual([false, 0])
    topic.resume()
    await quiet()
    expect(state.seeks).toEqual([at('a', 0, 1)])
    expect(state.released).toHaveLength(2)
    // The first batch may be from before the seek: the partition is sought again.
    state.give(batch('a', 0, 1, ['q', 'r']), batch('a', 0, 1, ['q', 'r']))
    expect(values(await next)).toEqual(['q', 'r'])
  })
})

describe("until: 'end'", () => {
  test('a bounded reader ends when every partition has reached its end, also by empty batches', async () => {
    const { state, a, at } = await opened({ a: { until: 'end' } })
    const first = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0, 10), at('a', 1, 8)])
    state.give(batch('a', 1, 8, ['y']), batch('a', 1, 9, [], 12))
    const last = await first
    expect(values(last)).toEqual(['y'])
    // Until all messages are handled, the lane may still be stopped, and has to be read again then.
    let ended = false
    const end = await a.read()
    expect(end?.position(0)).toBe(10)
    const over = Promise.resolve(a.read()).then(() => (ended = true))
    last?.done(1)
    await quiet()
    expect(ended).toBe(false)
    end?.done(0)
    await over
  })

  test('a bounded reader ends when no partition is left for it, but not between two assignments', async () => {
    const { state, a, at } = await opened({ a: { until: 'end' } })
    let ended = false
    const read = Promise.resolve(a.read()).then(() => (ended = true))
    await quiet()
    await state.settings?.assigned([at('a', 0)])
    await state.settings?.revoked([at('a', 0)], 'revoked')
    await quiet()
    expect(ended).toBe(false)
    await state.settings?.assigned([])
    await read
  })

  test('a bounded reader reads a partition only up to its end at the time of opening', async () => {
    const { state, a, at } = await opened({ a: { until: 'end' } })
    const first = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0, 9), at('a', 1, 0)])
    state.give(batch('a', 0, 9, ['last', 'later']), batch('a', 0, 11, ['much later']))
    const got = await first
    expect(values(got)).toEqual(['last'])
    expect(got?.position(1)).toBe(10)
    state.give(batch('a', 1, 0, ['x'], 10))
    const other = await a.read()
    expect(values(other)).toEqual(['x'])
    got?.done(1)
    other?.done(1)
    expect(await a.read()).toBeUndefined()
    // The batch behind the end is not released, so that no more records are fetched.
    expect(state.released.map((one) => one.offset(0))).toEqual([9, 0])
  })
})

test('an abort ends a pending read, and handled positions can still be committed', async () => {
  const { state, a, at, controller } = await opened({ a: {} })
  const first = a.read()
  await quiet()
  await state.settings?.assigned([at('a', 0)])
  state.give(batch('a', 0, 0, ['p']))
  await first
  const read = a.read()
  controller.abort()
  expect(await read).toBeUndefined()
  expect(await a.read()).toBeUndefined()
  await a.commit(new Map([['a/0', 1]]))
  expect(state.commits).toEqual([[at('a', 0, 1)]])
  await a.close()
})
