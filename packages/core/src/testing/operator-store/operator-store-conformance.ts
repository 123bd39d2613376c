import type { OperatorKey, OperatorPart } from '../../adapter/operator-state.ts'
import { BytesCodec } from '../../codecs/bytes-codec.ts'
import { StringCodec } from '../../codecs/string-codec.ts'
import type { OperatorStoreConformance } from './conformance-options.ts'
import { expectCode, expectEqual } from './expect.ts'
import { runPlans } from './random-plans.ts'
import { startOperatorProcess, type OperatorProcess } from './store-process.ts'

type Part = OperatorPart<string>

const LANE = 'topic/3'

/** Timers in the order in which they are due, keys of every type among them. */
const TIMERS: readonly (readonly [time: number, key: OperatorKey])[] = [
  [-5, 'a'],
  [0, ''],
  [1.5, 'a'],
  [7, false],
  [7, true],
  [7, -1],
  [7, 2],
  [7, 10],
  [7, 'B'],
  [7, 'a'],
  [7, 'ä'],
  [7, '\uFFFD'],
  [7, '🏆'],
  [7, new Uint8Array([])],
  [7, new Uint8Array([0, 1])],
  [7, new Uint8Array([255])],
  [1_800_000_000_000, 'a'],
]

/** Takes all timers that are due. */
const takeAll = (part: Part, until: number, kind: 'event' | 'clock' = 'event') => {
  const taken: (readonly [number, OperatorKey])[] = []
  for (let timer = part.takeTimer(kind, until); timer !== undefined; timer = part.takeTimer(kind, until))
    taken.push([timer.time, timer.key])
  return taken
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/**
 * The tests that each store of operators has to pass. For authors of stores.
 *
 * @example
 * import { test } from 'vitest'
 * operatorStoreConformance({ test, name: 'my store', create: () => ({ source, store: () => myStore(folder) }) })
 */
export function operatorStoreConformance({ test, name, create, supports = {} }: OperatorStoreConformance): void {
  const { restart = true, abort = true, partitioned = true } = supports

  function check(
    title: string,
    run: (process: OperatorProcess, again: () => Promise<OperatorProcess>) => Promise<void>,
  ): void {
    test(`${name}: ${title}`, async () => {
      const place = await create()
      const processes: OperatorProcess[] = []
      const start = async () => {
        for (const process of processes.splice(0)) await process.end()
        const process = await startOperatorProcess(place)
        processes.push(process)
        await process.open(LANE)
        return process
      }
      try {
        await run(await start(), start)
      } finally {
        for (const process of processes) await process.end()
        await place.destroy?.()
      }
    })
  }

  check('each part has its own state, and one object for all messages', async (process) => {
    const access = process.store['~snapstream.operator']
    await process.open('topic/4')
    const seen = new Set<Part>()
    for (const value of [1, 2])
      await process.handle(LANE, (part) => {
        seen.add(part)
        expectEqual(part.partition, 3, 'partition')
        part.entries.put('a', value)
        part.area<string, string>('texts', StringCodec()).put('a', `text ${value}`)
        part.setTimer('event', value, 'a')
        part.advance(value)
      })
    expectEqual(seen.size, 1, 'parts')
    await process.handle('topic/4', (part) => {
      expectEqual(part.partition, 4, 'partition')
      if (partitioned) expectEqual(part.entries.getSync('a'), undefined, 'entry of the other part')
      expectEqual(part.area<string, string>('texts', StringCodec()).getSync('a'), undefined, 'area of the other part')
      expectEqual([part.time, part.nextTimer('event')], [-Infinity, Infinity], 'times of the other part')
    })
    const clock = access.ofLane(undefined, LANE)
    expectEqual([clock?.partition, clock?.time, clock?.nextTimer('event')], [3, 2, 1], 'the clock of the lane')
    expectEqual(access.ofLane(undefined, 'topic/5'), undefined, 'the clock of a lane that is not open')
  })

  check('areas are apart from the entries of the user and from each other', async (process) => {
    const flight = process.begin(LANE)
    const part = await flight.step((part) => part)
    const texts = part.area<OperatorKey, string>('texts', StringCodec())
    const bytes = part.area<OperatorKey, Uint8Array>('bytes', BytesCodec())
    if (part.area('texts', StringCodec()) !== texts) throw new Error('an area is one object')
    part.entries.put('a', { n: 1 })
    texts.put('a', 'text')
    for (const key of [1, true, '1', new Uint8Array([1])] as const) texts.put(key, `${typeof key} ${String(key)}`)
    texts.put('c', 'gone')
    texts.del('c')
    bytes.put('a', new Uint8Array([1, 2]))
    expectEqual(part.entries.getSync('a'), { n: 1 }, 'entry')
    expectEqual([texts.getSync('a'), [...bytes.getSync('a')!]], ['text', [1, 2]], 'areas')
    expectEqual([texts.getSync('c'), bytes.getSync(1)], [undefined, undefined], 'missing')
    expectEqual(await collect(part.entries.entries()), [['a', { n: 1 }]], 'all entries')
    await flight.release()
    await process.checkpoint()
    const stored = process.begin(LANE)
    const again = await stored.step((part) => part.area<OperatorKey, string>('texts', StringCodec()))
    const expected = [
      [true, 'boolean true'],
      [1, 'number 1'],
      ['1', 'string 1'],
      ['a', 'text'],
      [new Uint8Array([1]), 'object 1'],
    ]
    expectEqual(await collect(again.entries()), expected, 'an area')
    expectEqual(await collect(again.entries({ gte: '1', lt: 'a' })), [['1', 'string 1']], 'a range')
    expectEqual(await collect(again.entries({ prefix: 'a' })), [['a', 'text']], 'a prefix')
    await stored.release()
  })

  check('keeps copies of keys and values', async (process) => {
    const key = new Uint8Array([1])
    const value = { list: [1] }
    await process.handle(LANE, (part) => {
      part.entries.put('a', value)
      part.area('bytes', BytesCodec()).put(key, new Uint8Array([7]))
      part.setTimer('event', 1, key)
      value.list.push(2)
      key[0] = 2
      expectEqual(part.entries.getSync('a'), { list: [1] }, 'the entry')
      expectEqual(part.area('bytes', BytesCodec()).getSync(new Uint8Array([1]))?.[0], 7, 'the area')
      expectEqual(takeAll(part, 1), [[1, new Uint8Array([1])]], 'the timer')
    })
  })

  check('event time moves forward, with its message', async (process, again) => {
    const flight = process.begin(LANE)
    await flight.step((part) => {
      expectEqual(part.time, -Infinity, 'before the first')
      part.advance(10)
      part.advance(5)
      expectEqual(part.time, 10, 'an earlier time changes nothing')
    })
    await flight.release()
    const failing = process.begin(LANE)
    await failing.step((part) => part.advance(20))
    failing.retry()
    await failing.step((part) => {
      expectEqual(part.time, 10, 'after a failure')
      part.advance(15)
    })
    await failing.skip()
    expectEqual(await process.handle(LANE, ({ time }) => time), 10, 'after a skipped message')
    await process.checkpoint()
    await process.handle(LANE, (part) => part.advance(30))
    if (!restart) return
    await process.checkpoint()
    process = await again()
    expectEqual(process.store['~snapstream.operator'].ofLane(undefined, LANE)?.time, 30, 'in the next process')
    expectEqual(await process.handle(LANE, ({ time }) => time), 30, 'for its messages')
  })

  check('timers are due in the order of times and keys', async (process) => {
    await process.handle(LANE, (part) => {
      for (const [time, key] of [...TIMERS, ...TIMERS.toReversed()]) part.setTimer('event', time, key)
      part.setTimer('clock', 1, 'clock')
      expectEqual(part.nextTimer('event'), -5, 'the first')
      expectEqual(takeAll(part, -6), [], 'before the first')
    })
    await process.checkpoint()
    await process.handle(LANE, (part) => {
      expectEqual(takeAll(part, 0), TIMERS.slice(0, 2), 'until 0')
      expectEqual(part.nextTimer('event'), 1.5, 'the next')
      part.deleteTimer('event', 7, 'a')
      part.deleteTimer('event', 7, 'missing')
      part.deleteTimer('event', 1, 'clock')
      const rest = TIMERS.slice(2).filter(([time, key]) => time !== 7 || key !== 'a')
      expectEqual(takeAll(part, 1e15), rest, 'the rest')
      expectEqual(
        [part.nextTimer('event'), part.nextTimer('clock')],
        [Infinity, 1],
        'none is left, but of the other kind',
      )
      expectEqual(takeAll(part, 1, 'clock'), [[1, 'clock']], 'the other kind')
    })
  })

  check('undoes everything of an attempt', async (process) => {
    await process.handle(LANE, (part) => {
      part.entries.put('a', 1)
      part.area<string, string>('texts', StringCodec()).put('a', 'one')
      for (const time of [1, 2, 3]) part.setTimer('event', time, 'a')
      part.advance(1)
    })
    await process.checkpoint()
    const change = (part: Part) => {
      part.entries.put('a', 2)
      part.entries.put('b', 2)
      part.area<string, string>('texts', StringCodec()).del('a')
      expectEqual(
        takeAll(part, 2),
        [
          [1, 'a'],
          [2, 'a'],
        ],
        'due',
      )
      part.setTimer('event', 1, 'a')
      part.setTimer('event', 4, 'a')
      part.deleteTimer('event', 3, 'a')
      part.advance(2)
    }
    const look = (part: Part) => [
      part.entries.getSync('a'),
      part.entries.getSync('b'),
      part.area<string, string>('texts', StringCodec()).getSync('a'),
      part.time,
      part.nextTimer('event'),
    ]
    const before = [1, undefined, 'one', 1, 1]
    const flight = process.begin(LANE)
    await flight.step(change)
    flight.retry()
    expectEqual(await flight.step(look), before, 'after a failure')
    await flight.step(change)
    await flight.step((part) => part.undo())
    expectEqual(await flight.step(look), before, 'after undo')
    await flight.step(change)
    await flight.skip()
    expectEqual(await process.handle(LANE, look), before, 'after a message that is skipped')
    expectEqual(
      await process.handle(LANE, (part) => takeAll(part, 9)),
      [1, 2, 3].map((time) => [time, 'a']),
      'timers',
    )
  })

  check('derived values are built once', async (process) => {
    let builds = 0
    await process.handle(LANE, (part) => {
      part.entries.put('a', 1)
      expectEqual(
        part.derived('sync', () => ++builds),
        1,
        'a value',
      )
    })
    const keys = async (part: Part) => {
      builds++
      return new Set((await collect(part.entries.entries())).map(([key]) => key))
    }
    for (let i = 0; i < 3; i++)
      expectEqual(await process.handle(LANE, (part) => [...part.derived('keys', keys)]), ['a'], 'a promise')
    expectEqual(builds, 2, 'builds')
    let fails = true
    const flaky = async () => {
      if (!fails) return 'built'
      fails = false
      throw new Error('the build fails')
    }
    const flight = process.begin(LANE)
    let failure: unknown
    await flight.step((part) => part.derived('flaky', flaky)).catch((error: Error) => (failure = error.message))
    expectEqual(failure, 'the build fails', 'its error')
    expectEqual(await flight.step((part) => part.derived('flaky', flaky)), 'built', 'the next call builds again')
    await flight.release()
  })

  check('refuses what it cannot keep', async (process) => {
    const flight = process.begin(LANE)
    const part = await flight.step((part) => part)
    for (const time of [NaN, Infinity, -Infinity]) {
      expectCode(() => part.setTimer('event', time, 'a'), 'USAGE', `a timer at ${time}`)
      if (time !== -Infinity) expectCode(() => part.advance(time), 'USAGE', `the time ${time}`)
    }
    for (const key of [NaN, '\uD800', undefined as never])
      expectCode(() => part.setTimer('clock', 1, key), 'USAGE', `a timer of the key ${String(key)}`)
    for (const name of ['', '~time', 'a b', 'a\0']) expectCode(() => part.area(name, StringCodec()), 'USAGE', name)
    await flight.release()
    expectCode(() => part.entries.put('a', 1), 'USAGE', 'a write after the message')
    expectCode(() => part.setTimer('event', 1, 'a'), 'USAGE', 'a timer after the message')
    expectCode(() => process.store['~snapstream.operator'].of({}), 'USAGE', 'no message')
    expectEqual(await process.handle(LANE, (part) => part.nextTimer('event')), Infinity, 'timers')
  })

  check('has any number of timers', async (process, again) => {
    const count = 12_000
    const key = (i: number) => `key ${i % 5}`
    for (let i = 0; i < 5; i++)
      await process.handle(LANE, (part) => {
        for (let n = i; n < count; n += 5) part.setTimer('event', Math.floor(n / 2), key(n))
      })
    await process.checkpoint()
    if (restart) process = await again()
    expectEqual(await process.handle(LANE, (part) => takeAll(part, 99).length), 200, 'the first')
    await process.handle(LANE, (part) => part.setTimer('event', 5_999, 'new'))
    // Time jumps over all of them.
    const flight = process.begin(LANE)
    const taken = await flight.step((part) => takeAll(part, 1e9))
    expectEqual(taken.length, count - 200 + 1, 'the rest')
    const sorted = [...taken].sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1))
    expectEqual(taken, sorted, 'their order')
    expectEqual(taken.at(-1), [5_999, 'new'], 'the last')
    await flight.skip()
    expectEqual(await process.handle(LANE, (part) => takeAll(part, 1e9).length), taken.length, 'again')
    await process.checkpoint()
    expectEqual(await process.handle(LANE, (part) => takeAll(part, 1e9)), [], 'none is left')
  })

  const can = { restart, abort }
  test(`${name}: does as a map does, whatever fails${restart ? ', restarts' : ''}${abort ? ' and is aborted' : ''}`, () =>
    runPlans(create, can))
}
