import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRetries } from './backoff.ts'

beforeEach(() => {
  vi.useFakeTimers()
  // No jitter: each pause has its full length.
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Refuses for ever, and records the times in ms since the start. */
async function refuseFor(ms: number, patienceMs: number) {
  const at: number[] = []
  const told: unknown[] = []
  const refusal = new Error('no')
  const pacing = createRetries({ patienceMs, onTrouble: (error) => told.push(error) })
  let end: unknown
  const start = performance.now()
  const run = (async () => {
    for (;;) {
      at.push(performance.now() - start)
      await pacing.again(refusal)
    }
  })().catch((error: unknown) => (end = error))
  await vi.advanceTimersByTimeAsync(ms)
  return { at, told, end: () => end, refusal, run, pacing }
}

test('pauses grow up to a second, and each one is reported', async () => {
  const { at, told } = await refuseFor(4000, Infinity)
  expect(at).toEqual([0, 20, 60, 140, 300, 620, 1260, 2260, 3260])
  expect(told).toHaveLength(9)
})

test('the error is thrown once the pauses add up to the patience', async () => {
  const { at, end, refusal } = await refuseFor(60_000, 3000)
  expect(end()).toBe(refusal)
  expect(at.at(-1)).toBe(3260)
})

test('a success resets the pauses', async () => {
  const pacing = createRetries({ patienceMs: 50 })
  for (let i = 0; i < 100; i++) {
    const pause = pacing.again(new Error('no'))
    await vi.advanceTimersByTimeAsync(20)
    await expect(pause).resolves.toBeUndefined()
    pacing.reset()
  }
})

test('an abort ends a pause', async () => {
  const ended = new AbortController()
  const pacing = createRetries({ patienceMs: Infinity, signal: ended.signal })
  const pause = pacing.again(new Error('no'))
  ended.abort()
  await expect(pause).resolves.toBeUndefined()
})
