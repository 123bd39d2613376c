import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { brokerUnreachable } from './connection-error.ts'
import { protocolError } from './kafka-error.ts'
import { retry } from './retry.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const away = brokerUnreachable({ nodeId: 1, host: 'a', port: 1 }, 'is away')

/** Fails until some time has passed. Each attempt takes the given time. */
function trying(untilMs: number, eachMs: number, error: Error = away) {
  const start = Date.now()
  const state = { tries: 0, troubles: [] as unknown[], outcome: undefined as unknown }
  async function run() {
    state.tries++
    await new Promise((resolve) => setTimeout(resolve, eachMs))
    if (Date.now() - start < untilMs) throw error
    return 'done'
  }
  void retry(run, { patienceMs: 10_000, onTrouble: (told) => state.troubles.push(told) }).then(
    (value) => (state.outcome = value),
    (thrown: unknown) => (state.outcome = thrown),
  )
  return state
}

test('retry repeats a call until it succeeds', async () => {
  const state = trying(5000, 10)
  await vi.advanceTimersByTimeAsync(7000)
  expect(state.outcome).toBe('done')
  expect(state.tries).toBeGreaterThan(3)
  expect(state.troubles).toEqual(Array.from({ length: state.tries - 1 }, () => away))
})

test('retry rejects after its patience', async () => {
  const state = trying(60_000, 10)
  await vi.advanceTimersByTimeAsync(8000)
  expect(state.outcome).toBeUndefined()
  await vi.advanceTimersByTimeAsync(3000)
  expect(state.outcome).toBe(away)
})

test('retry repeats a request that timed out, even if the timeout exceeds the patience', async () => {
  const state = trying(31_000, 30_000)
  await vi.advanceTimersByTimeAsync(61_000)
  expect(state).toMatchObject({ tries: 2, outcome: 'done' })
})

test('retry does not repeat a call with an error that is not retriable', async () => {
  const refused = protocolError(58)
  const state = trying(1000, 10, refused)
  await vi.advanceTimersByTimeAsync(100)
  expect(state).toEqual({ tries: 1, troubles: [], outcome: refused })
})
