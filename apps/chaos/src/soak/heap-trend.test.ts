import { expect, test } from 'vitest'
import { heapTrend } from './heap-trend.ts'

const samples = (bytesAt: (messages: number) => number, count = 100) =>
  Array.from({ length: count }, (_, i) => ({ messages: (i + 1) * 1000, bytes: bytesAt((i + 1) * 1000) }))

test('a flat heap has no slope, with or without noise', () => {
  expect(heapTrend(samples(() => 5_000_000))).toEqual({
    bytesPer1000: 0,
    errorPer1000: 0,
    growth: 0,
    meanBytes: 5_000_000,
  })
  const noisy = heapTrend(samples((messages) => 5_000_000 + ((messages / 1000) % 2) * 100_000))
  expect(Math.abs(noisy.bytesPer1000)).toBeLessThan(50)
  // Least squares: the standard deviation divided by the root of the sum of squares.
  expect(noisy.errorPer1000).toBeGreaterThan(200)
  expect(noisy.errorPer1000).toBeLessThan(260)
})

test('a leak of one byte per message shows in the slope', () => {
  const { bytesPer1000, growth, meanBytes } = heapTrend(samples((messages) => 1_000_000 + messages))
  expect(bytesPer1000).toBeCloseTo(1000)
  expect(meanBytes).toBeCloseTo(1_060_000)
  expect(growth).toBeCloseTo(80_000 / 1_060_000)
})

test('growth during the warm-up does not count', () => {
  const { bytesPer1000 } = heapTrend(samples((messages) => Math.min(messages, 20_000)))
  expect(bytesPer1000).toBe(0)
})

test('fewer than five samples are an error', () => {
  expect(() => heapTrend(samples(() => 1, 5))).not.toThrow()
  expect(() => heapTrend(samples(() => 1, 4))).toThrow('got 4')
  expect(() => heapTrend([])).toThrow('got 0')
})
