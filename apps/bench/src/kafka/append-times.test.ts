import { expect, test } from 'vitest'
import { appendTimes } from './append-times.ts'

function timesOf(all: readonly (readonly [ms: number, count: number])[]) {
  const times = appendTimes()
  for (const [ms, count] of all) for (let i = 0; i < count; i++) times.add(ms)
  return times
}

test('estimates the time of the first append from the rate of the others', () => {
  // 90 records in 9 ms, and 10 whose start is unknown.
  expect(timesOf([[100, 10], ...Array.from({ length: 9 }, (_, i) => [101 + i, 10] as const)]).ms).toBe(10)
})

test('the order in which partitions are read does not matter', () => {
  expect(
    timesOf([
      [110, 50],
      [100, 50],
    ]).ms,
  ).toBe(20)
})

test('has the rate of the second half', () => {
  const slow = Array.from({ length: 100 }, (_, i) => [i, 1] as const)
  const fast = Array.from({ length: 10 }, (_, i) => [100 + i, 10] as const)
  expect(timesOf([...slow, ...fast]).steadyRate).toBeCloseTo(10_000, -3)
})

test('a duration is at least one ms', () => {
  expect(timesOf([[100, 10]]).ms).toBe(1)
})
