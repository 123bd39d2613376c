import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sleep } from './index.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('ends when its time is over or the signal is aborted, and leaves no timer or listener', async () => {
  const ending = new AbortController()
  const { signal } = ending
  const ended: string[] = []
  void sleep(100, signal).then(() => ended.push('early'))
  void sleep(900, signal).then(() => ended.push('late'))
  expect(getEventListeners(signal, 'abort')).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(100)
  expect(ended).toEqual(['early'])
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  ending.abort()
  await vi.advanceTimersByTimeAsync(0)
  expect(ended).toEqual(['early', 'late'])
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(vi.getTimerCount()).toBe(0)
  await sleep(1000, signal)
})
