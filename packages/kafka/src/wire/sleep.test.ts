import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pause } from './sleep.ts'
import { within } from './with-timeout.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('ends when its time is over or the signal is aborted, and leaves nothing behind', async () => {
  const ending = new AbortController()
  const { signal } = ending
  const ended: string[] = []
  void pause(100, signal).then(() => ended.push('early'))
  void pause(900, signal).then(() => ended.push('late'))
  expect(getEventListeners(signal, 'abort')).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(100)
  expect(ended).toEqual(['early'])
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  ending.abort()
  await vi.advanceTimersByTimeAsync(0)
  expect(ended).toEqual(['early', 'late'])
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(vi.getTimerCount()).toBe(0)
  await pause(1000, signal)
})

test('within some time a promise settles, or it is not waited for', async () => {
  expect(await within(100, Promise.resolve())).toBe(true)
  const late = within(100, new Promise(() => {}))
  await vi.advanceTimersByTimeAsync(100)
  expect(await late).toBe(false)
  await expect(within(100, Promise.reject(new Error('broke')))).rejects.toThrow('broke')
  expect(vi.getTimerCount()).toBe(0)
})
