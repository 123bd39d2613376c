import { describe, expect, test } from 'vitest'
import { runThrough } from '../fixtures/run-app.ts'
import { map, process, window } from '../index.ts'
import type { ProcessState } from '../index.ts'

interface Click {
  readonly user: string
  readonly timestamp: number
}
const click = (timestamp: number, user = 'ann'): Click => ({ user, timestamp })

test('state and timers tell who was silent, at the time of the timer', async () => {
  const silent = process([click(0), click(40, 'bob'), click(50), click(200, 'cat')], {
    onMessage({ user, timestamp }, state: ProcessState<string, number>) {
      state.put(user, timestamp)
      state.setTimer('event', timestamp + 100, user)
    },
    onTimer({ kind, key, time }, state) {
      return state.getSync(key)! + 100 === time ? { kind, key, time, now: state.time } : undefined
    },
  })
  expect(await runThrough(silent, (told) => told)).toEqual([
    { kind: 'event', key: 'bob', time: 140, now: 140 },
    { kind: 'event', key: 'ann', time: 150, now: 150 },
  ])
})

test('timers fire by time and key, once for each, before the message that moves event time', async () => {
  const calls: unknown[] = []
  const timed = process([click(10), click(20), click(30)], {
    onMessage({ timestamp }, state: ProcessState<string | number, number>) {
      calls.push(timestamp)
      if (timestamp !== 10) return
      for (const key of ['b', 'a', 2, 10]) state.setTimer('event', 25, key)
      state.setTimer('event', 25, 'a')
      state.setTimer('event', 15, 'gone')
      state.deleteTimer('event', 15, 'gone')
      state.setTimer('event', 18, 'z')
    },
    onTimer: ({ time, key }) => void calls.push(`${time} ${key}`),
  })
  await runThrough(timed, () => {})
  expect(calls).toEqual([10, '18 z', 20, '25 2', '25 10', '25 a', '25 b', 30])
})

test('a timer for a time that has passed fires right after its message', async () => {
  const calls: unknown[] = []
  const timed = process([click(100), click(50), click(101)], {
    onMessage({ timestamp }, state: ProcessState<string, number>) {
      calls.push(timestamp)
      if (timestamp === 50) state.setTimer('event', 60, 'late')
    },
    onTimer: ({ key, time }, state) => void calls.push([key, time, state.time]),
  })
  await runThrough(timed, () => {})
  expect(calls).toEqual([100, 50, ['late', 60, 100], 101])
})

test('a timer may set the next one', async () => {
  const ticks = process([click(0), click(35)], {
    onMessage({ timestamp }, state: ProcessState<string, number>) {
      if (timestamp === 0) state.setTimer('event', 10, 'tick')
    },
    onTimer({ time, key }, state) {
      state.setTimer('event', time + 10, key)
      return time
    },
  })
  expect(await runThrough(ticks, (time) => time)).toEqual([10, 20, 30])
})

test('a function gives several results by a generator, and null is one', async () => {
  const several = process([1, 2, 3], {
    *onMessage(n, state: ProcessState<string, number>) {
      yield n
      yield undefined
      state.put('n', n)
      if (n === 2) yield state.getSync('n')! * 10
    },
  })
  expect(await runThrough(several, (n) => n)).toEqual([1, 2, 20, 3])
  const nulls = process<number, string, number, null>([1], { onMessage: () => null })
  expect(await runThrough(nulls, (value) => [value])).toEqual([[null]])
})

test('results have the time of their message or timer, for the next operator', async () => {
  const told = process([click(5), click(65), click(500)], {
    onMessage({ timestamp }, state: ProcessState<string, number>) {
      if (timestamp === 5) state.setTimer('event', 70, 'x')
      return { key: 'message' }
    },
    onTimer: () => ({ key: 'timer' }),
  })
  const counts = window(
    map(told, (result) => result),
    { sizeMs: 60, graceMs: 0 },
    (count: number = 0) => count + 1,
  )
  expect(await runThrough(counts, ({ key, start, value }) => [key, start, value])).toEqual([
    ['message', 0, 1],
    ['message', 60, 1],
    ['timer', 60, 1],
  ])
})

test('a message that fails leaves no state and no timers, and fires its timers again', async () => {
  let fails = 1
  const calls: unknown[] = []
  const timed = process([click(0), click(100)], {
    onMessage({ timestamp }, state: ProcessState<string, number>) {
      state.put('n', (state.getSync('n') ?? 0) + 1)
      state.setTimer('event', timestamp + 10, `t${timestamp}`)
      calls.push(state.getSync('n'))
      if (timestamp === 100 && fails-- > 0) throw new Error('once')
    },
    onTimer: ({ key }) => void calls.push(key),
  })
  await runThrough(timed, () => {}, { onError: { retries: 1, backoffMs: 0 } })
  expect(calls).toEqual([1, 't0', 2, 't0', 2])
})

describe('usage errors', () => {
  const run = (functions: object) => runThrough(process([click(0), click(100)], functions as never), () => {})

  test.each([
    [
      'a promise of onMessage',
      { onMessage: async () => 1 },
      'onMessage of process returned a promise; operators run in one step, so wait in the handler of the binding',
    ],
    [
      'an async generator',
      { onMessage: async function* () {} },
      'the generator of onMessage of process returned a promise',
    ],
    [
      'an unknown kind of timer',
      { onMessage: (_: Click, state: ProcessState<string, number>) => state.setTimer('never' as never, 1, 'a') },
      "setTimer of process: the kind is 'event' or 'clock', got \"never\"",
    ],
    [
      'a timer without a time',
      { onMessage: (_: Click, state: ProcessState<string, number>) => state.setTimer('event', NaN, 'a') },
      'setTimer of process: the time is a number of ms since the epoch, got NaN',
    ],
    [
      'a timer that would be due for ever',
      {
        onMessage: (_: Click, state: ProcessState<string, number>) => state.setTimer('event', 10, 'a'),
        onTimer: ({ time, key }: { time: number; key: string }, state: ProcessState<string, number>) =>
          state.setTimer('event', time, key),
      },
      'setTimer of process: in onTimer the time of a timer of the same kind is after that of the timer that is due, 10,',
    ],
  ])('%s', async (_, functions, message) => {
    await expect(run(functions)).rejects.toThrow(message)
  })

  test('state that is used later', async () => {
    let kept: ProcessState<string, number> | undefined
    await run({ onMessage: (_: Click, state: ProcessState<string, number>) => void (kept = state) })
    expect(() => kept!.put('a', 1)).toThrow('the state of process was used after its function had returned')
  })

  test('wrong functions and options', () => {
    expect(() => process([1], {} as never)).toThrow('process: onMessage is a function, got undefined')
    expect(() => process([1], { onMessage: () => 1, onTick: () => 1 } as never)).toThrow(
      'process: the options are onMessage, onTimer, idleMs, maxAheadMs, got "onTick"',
    )
    expect(() => process([1], 7 as never)).toThrow('process: the options are an object, got 7')
  })
})
