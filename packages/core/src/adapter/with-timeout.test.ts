import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import { withTimeout } from './index.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const late = () => 'late'

test('resolves with the value of a promise that settles in time, and leaves no timer', async () => {
  expect(await withTimeout(Promise.resolve(1), { ms: 100, late })).toBe(1)
  await expect(withTimeout(Promise.reject(new Error('broke')), { ms: 100, late })).rejects.toThrow('broke')
  expect(vi.getTimerCount()).toBe(0)
})

test('resolves with the result of late once the time is over, or rejects with its error', async () => {
  const answer = withTimeout(new Promise(() => {}), { ms: 100, late })
  const refused = withTimeout(new Promise(() => {}), {
    ms: 100,
    late: () => {
      throw new Error('too slow')
    },
  })
  const settled = Promise.allSettled([answer, refused])
  await vi.advanceTimersByTimeAsync(100)
  expect(await settled).toMatchObject([{ value: 'late' }, { reason: { message: 'too slow' } }])
  expect(vi.getTimerCount()).toBe(0)
})

test('a promise that rejects after the time is ignored', async () => {
  let fail: (error: Error) => void = () => {}
  const answer = withTimeout(new Promise((_, reject) => (fail = reject)), { ms: 100, late })
  await vi.advanceTimersByTimeAsync(100)
  fail(new Error('too late'))
  await vi.advanceTimersByTimeAsync(0)
  expect(await answer).toBe('late')
})

test('waits on the clock of a host', async () => {
  const host = createVirtualHost({ quiet: async () => {} })
  const answer = withTimeout(new Promise(() => {}), { ms: 100, late, host })
  await host.advance(100)
  expect(await answer).toBe('late')
  expect(host.timers).toBe(0)
})
