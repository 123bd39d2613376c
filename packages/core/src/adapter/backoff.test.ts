import { expect, test } from 'vitest'
import { backoff } from './index.ts'

const random = (value: number) => ({ random: () => value })

test('the wait doubles from the first up to the longest', () => {
  const waits = [1, 2, 3, 4, 5].map((attempt) => backoff(attempt, { firstMs: 20, maxMs: 200, host: random(0) }))
  expect(waits).toEqual([20, 40, 80, 160, 200])
  expect(backoff(100, { firstMs: 100, host: random(0) })).toBe(30_000)
})

test('jitter scales the wait by a random factor between 0.5 and 1', () => {
  expect(backoff(2, { firstMs: 100, host: random(0.5) })).toBe(150)
  for (let i = 0; i < 100; i++) {
    const wait = backoff(1, { firstMs: 100 })
    expect(wait).toBeGreaterThan(50)
    expect(wait).toBeLessThanOrEqual(100)
  }
})
