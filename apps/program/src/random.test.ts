import { expect, test } from 'vitest'
import { random } from './random.ts'

const take = (seed: number, count: number) => {
  const next = random(seed)
  return Array.from({ length: count }, next)
}

test('the same seed gives the same numbers, and another seed gives others', () => {
  expect(take(7, 5)).toEqual(take(7, 5))
  expect(take(7, 5)).not.toEqual(take(8, 5))
})

test('the numbers are spread evenly over [0, 1)', () => {
  const numbers = take(1, 10_000)
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
  const tenths = Array.from({ length: 10 }, (_, i) => numbers.filter((n) => Math.floor(n * 10) === i).length)
  expect(Math.min(...tenths)).toBeGreaterThan(850)
})
