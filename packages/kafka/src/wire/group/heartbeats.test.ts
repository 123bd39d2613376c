import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { brokerUnreachable } from '../errors/connection-error.ts'
import { heartbeats } from './heartbeats.ts'
import { protocolError } from '../errors/kafka-error.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const REBALANCE_IN_PROGRESS = 27
const unreachable = brokerUnreachable({ nodeId: 1, host: 'a', port: 1 }, 'is away')

/** A heart whose coordinator answers what `state.error` says. */
function heart() {
  const state: {
    error: Error | undefined
    silent: boolean
    beats: number
    repairs: number
    renewals: number
    events: unknown[]
    joining: boolean
    troubles: number
  } = {
    error: undefined,
    silent: false,
    beats: 0,
    repairs: 0,
    renewals: 0,
    events: [],
    joining: false,
    troubles: 0,
  }
  const stop = heartbeats({
    async beat() {
      state.beats++
      if (state.silent) await new Promise(() => {})
      if (state.error) throw state.error
    },
    async repair() {
      state.repairs++
      throw new Error('not yet')
    },
    async renew() {
      state.renewals++
      throw new Error('nobody is there')
    },
    joining: () => state.joining,
    intervalMs: 100,
    sessionTimeoutMs: 1000,
    onRebalance: () => state.events.push('rebalance'),
    onLost: () => state.events.push('lost'),
    onTrouble: () => state.troubles++,
    onError: (error) => state.events.push(error),
  })
  return { state, stop }
}

test('beats until it is stopped', async () => {
  const { state, stop } = heart()
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.beats).toBe(10)
  stop()
  await vi.advanceTimersByTimeAsync(1000)
  expect(state).toMatchObject({ beats: 10, repairs: 0, renewals: 0, events: [] })
})

test('goes on beating while the group waits for it to join again, and tells when it is lost all the same', async () => {
  const { state } = heart()
  state.error = protocolError(REBALANCE_IN_PROGRESS)
  await vi.advanceTimersByTimeAsync(5000)
  expect(new Set(state.events)).toEqual(new Set(['rebalance']))
  expect(state.beats).toBe(50)
  state.error = protocolError(25)
  await vi.advanceTimersByTimeAsync(5000)
  expect(state.events.at(-1)).toBe('lost')
  expect(state.beats).toBe(51)
})

test('while it joins the end of the generation before is no news, but for a session that is over', async () => {
  const { state } = heart()
  state.joining = true
  state.error = protocolError(22)
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.events).toEqual([])
  expect(state.renewals).toBe(0)
  await vi.advanceTimersByTimeAsync(200)
  expect(state.events).toEqual(['lost'])
  // The answer to the join may have been lost on the way.
  expect(state.renewals).toBe(1)
})

test('in a process that was paused for a session it is lost before the coordinator is asked', async () => {
  const { state } = heart()
  await vi.advanceTimersByTimeAsync(500)
  const { beats } = state
  const now = performance.now.bind(performance)
  const paused = vi.spyOn(performance, 'now').mockImplementation(() => now() + 2000)
  await vi.advanceTimersByTimeAsync(100)
  paused.mockRestore()
  expect(state.events).toEqual(['lost'])
  expect(state.beats).toBe(beats)
})

test.each([3_600_000, -3_600_000, 86_400_000, -86_400_000])(
  'a clock that is set by %d ms ends no membership',
  async (ms) => {
    const { state } = heart()
    await vi.advanceTimersByTimeAsync(500)
    vi.setSystemTime(Date.now() + ms)
    await vi.advanceTimersByTimeAsync(500)
    expect(state.events).toEqual([])
    expect(state.beats).toBe(10)
    state.error = unreachable
    await vi.advanceTimersByTimeAsync(1200)
    expect(state.events).toEqual(['lost'])
  },
)

test('a generation that is over is lost', async () => {
  const { state } = heart()
  state.error = protocolError(22)
  await vi.advanceTimersByTimeAsync(100)
  expect(state.events).toEqual(['lost'])
})

test('a coordinator that is away is looked for, and the membership counts as lost when its time is over', async () => {
  const { state } = heart()
  state.error = protocolError(16)
  await vi.advanceTimersByTimeAsync(900)
  state.error = undefined
  await vi.advanceTimersByTimeAsync(100)
  expect(state.events).toEqual([])
  expect(state.repairs).toBe(9)
  expect(state.troubles).toBe(9)
  state.error = unreachable
  await vi.advanceTimersByTimeAsync(1200)
  expect(state.events).toEqual(['lost'])
})

test('a coordinator that does not answer at all is as good as away', async () => {
  const { state } = heart()
  state.silent = true
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.events).toEqual([])
  expect(state.renewals).toBe(0)
  await vi.advanceTimersByTimeAsync(200)
  expect(state.events).toEqual(['lost'])
  // Who joins again must not wait for an answer over the same connection.
  expect(state.renewals).toBe(1)
})

test.each([
  ['what nobody can cure', 30],
  ['another member that took the name of this one', 82],
])('%s is an error', async (_, errorCode) => {
  const { state } = heart()
  const error = protocolError(errorCode)
  state.error = error
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.events).toEqual([error])
  expect(state.beats).toBe(1)
})
