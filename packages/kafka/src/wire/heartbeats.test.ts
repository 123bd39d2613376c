import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { brokerUnreachable } from './connection-error.ts'
import { heartbeats } from './heartbeats.ts'
import { protocolError } from './kafka-error.ts'

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
  } = {
    error: undefined,
    silent: false,
    beats: 0,
    repairs: 0,
    renewals: 0,
    events: [],
  }
  const beating = heartbeats({
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
    intervalMs: 100,
    sessionTimeoutMs: 1000,
    onError: (error) => state.events.push(error),
  })
  void beating.ended.then((reason) => state.events.push(reason))
  void beating.lost.then(() => state.events.push('gone'))
  return { state, beating }
}

test('beats until it is stopped', async () => {
  const { state, beating } = heart()
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.beats).toBe(10)
  beating.stop()
  await vi.advanceTimersByTimeAsync(1000)
  expect(state).toEqual({ error: undefined, silent: false, beats: 10, repairs: 0, renewals: 0, events: [] })
})

test('goes on beating while partitions are given up, and tells when they are lost all the same', async () => {
  const { state } = heart()
  state.error = protocolError(REBALANCE_IN_PROGRESS)
  await vi.advanceTimersByTimeAsync(5000)
  expect(state.events).toEqual(['revoked'])
  expect(state.beats).toBe(50)
  state.error = protocolError(25)
  await vi.advanceTimersByTimeAsync(5000)
  expect(state.events).toEqual(['revoked', 'gone'])
  expect(state.beats).toBe(51)
})

test('a generation that is over is lost', async () => {
  const { state } = heart()
  state.error = protocolError(22)
  await vi.advanceTimersByTimeAsync(100)
  expect(state.events).toEqual(['lost', 'gone'])
})

test('a coordinator that is away is looked for, and the membership counts as lost when its time is over', async () => {
  const { state } = heart()
  state.error = protocolError(16)
  await vi.advanceTimersByTimeAsync(900)
  state.error = undefined
  await vi.advanceTimersByTimeAsync(100)
  expect(state.events).toEqual([])
  expect(state.repairs).toBe(9)
  state.error = unreachable
  await vi.advanceTimersByTimeAsync(1200)
  expect(state.events).toEqual(['lost', 'gone'])
})

test('a coordinator that does not answer at all is as good as away', async () => {
  const { state } = heart()
  state.silent = true
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.events).toEqual([])
  expect(state.renewals).toBe(0)
  await vi.advanceTimersByTimeAsync(200)
  expect(state.events).toEqual(['lost', 'gone'])
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
