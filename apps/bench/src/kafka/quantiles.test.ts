import { expect, test } from 'vitest'
import { quantiles } from './quantiles.ts'

test('spreads the values of one ms evenly around it', () => {
  expect(quantiles(new Float64Array([2, 2, 2, 2]), [0.5])).toEqual([2])
  const [p50 = 0, p99 = 0] = quantiles(new Float64Array([...Array.from({ length: 98 }, () => 1), 9, 9]), [0.5, 0.99])
  expect(p50).toBeCloseTo(1.01, 2)
  expect(p99).toBeCloseTo(9, 2)
})

test('is never negative', () => {
  expect(quantiles(new Float64Array([0, 0, 0, 0]), [0.1])).toEqual([0])
})
