import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Connection } from '../protocol/connection.ts'
import { brokerUnreachable } from '../errors/connection-error.ts'
import { protocolError } from '../errors/kafka-error.ts'
import { heartbeats } from './heartbeats.ts'
import type { MemberState } from './member-state.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const REBALANCE_IN_PROGRESS = 27
const unreachable = brokerUnreachable({ nodeId: 1, host: 'a', port: 1 }, 'is unreachable')

/** Heartbeats that a coordinator answers as `state` says, and their outcomes. */
function heart() {
  const generation = { groupId: 'g', memberId: 'm', groupInstanceId: undefined, generationId: 1 }
  const member: { phase: MemberState['phase']; generation: MemberState['generation'] } = { phase: 'stable', generation }
  const state = {
    error: undefined as Error | undefined,
    /** Called while a heartbeat is in flight. */
    during: () => {},
    silent: false,
    beats: 0,
    unreachable: 0,
    renewals: 0,
    events: [] as unknown[],
  }
  const connection: Partial<Connection> = {
    async heartbeat() {
      state.beats++
      state.during()
      if (state.silent) await new Promise(() => {})
      if (state.error) throw state.error
      return { errorCode: 0 }
    },
  }
  const stopping = new AbortController()
  const beats = heartbeats({
    coordinator: { connection: async () => connection as Connection, find: async () => {} },
    member,
    settings: { heartbeatIntervalMs: 100, sessionTimeoutMs: 1000 },
    async renew() {
      state.renewals++
      throw new Error('no broker is reachable')
    },
    signal: stopping.signal,
  })
  async function consume(): Promise<void> {
    try {
      for await (const event of beats)
        if (event.type === 'unreachable') state.unreachable++
        else state.events.push(event.type)
    } catch (error) {
      state.events.push(error)
    }
  }
  void consume()
  return { state, member, stop: () => stopping.abort() }
}

type Heart = ReturnType<typeof heart>

/** From now on the coordinator cannot be reached: the member is lost when its session is over. */
async function expectLost(state: Heart['state']): Promise<void> {
  state.error = unreachable
  await vi.advanceTimersByTimeAsync(1200)
  expect(state.events).toEqual(['lost'])
}

test('heartbeats are sent until the signal is aborted', async () => {
  const { state, stop } = heart()
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.beats).toBe(10)
  stop()
  await vi.advanceTimersByTimeAsync(1000)
  expect(state).toMatchObject({ beats: 10, unreachable: 0, renewals: 0, events: [] })
})

test('heartbeats go on while the group waits for the member to join again, and still report its loss', async () => {
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

test('a member whose process was paused for a session is lost before the coordinator is asked', async () => {
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
  'a clock that is set by %d ms does not end the membership',
  async (ms) => {
    const { state } = heart()
    await vi.advanceTimersByTimeAsync(500)
    vi.setSystemTime(Date.now() + ms)
    await vi.advanceTimersByTimeAsync(500)
    expect(state.events).toEqual([])
    expect(state.beats).toBe(10)
    await expectLost(state)
  },
)

test('a member whose generation is over is lost', async () => {
  const { state } = heart()
  state.error = protocolError(22)
  await vi.advanceTimersByTimeAsync(100)
  expect(state.events).toEqual(['lost'])
})

test('an unreachable coordinator is reported, and the member is lost when its session is over', async () => {
  const { state } = heart()
  state.error = protocolError(16)
  await vi.advanceTimersByTimeAsync(900)
  state.error = undefined
  await vi.advanceTimersByTimeAsync(100)
  expect(state.events).toEqual([])
  expect(state.unreachable).toBe(9)
  await expectLost(state)
})

test.each<[string, (heart: Heart) => void]>([
  [
    'a joining member whose previous generation has ended',
    ({ state, member }) => {
      member.phase = 'preparing-rebalance'
      state.error = protocolError(22)
    },
  ],
  [
    'a member whose coordinator does not answer',
    ({ state }) => {
      state.silent = true
    },
  ],
])('%s is lost when its session is over, and the connection is renewed once', async (_, arrange) => {
  const beating = heart()
  arrange(beating)
  const { state } = beating
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.events).toEqual([])
  expect(state.renewals).toBe(0)
  await vi.advanceTimersByTimeAsync(200)
  expect(state.events).toEqual(['lost'])
  // The response to a join may be lost, and the next join must not wait for it over the same connection.
  expect(state.renewals).toBe(1)
})

test.each([
  ['a missing authorization', 30],
  ['another member with the name of this one', 82],
])('%s ends the heartbeats with an error', async (_, errorCode) => {
  const { state } = heart()
  const error = protocolError(errorCode)
  state.error = error
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.events).toEqual([error])
  expect(state.beats).toBe(1)
})

test('an answer about an old generation is ignored', async () => {
  const { state, member } = heart()
  state.error = protocolError(22)
  state.during = () => {
    if (member.generation) member.generation = { ...member.generation, generationId: 2 }
  }
  await vi.advanceTimersByTimeAsync(1000)
  expect([state.events, state.beats]).toEqual([[], 10])
})
