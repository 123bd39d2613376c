import { describe, expect, test } from 'vitest'
import type { Handling } from '../handling.ts'
import { judgeOwnStalls } from './own-stalls.ts'

const handled = (worker: string, start: number, end: number | undefined = start + 1, partition = 0): Handling => ({
  worker,
  partition,
  offset: start,
  start,
  end,
})
const range = { from: 0, to: 1000 }

test('the result is the longest gap between two handlings of a partition by one worker', () => {
  const handlings = [handled('a', 100), handled('a', 150), handled('a', 450), handled('a', 500)]
  expect(judgeOwnStalls(handlings, [], [], range)).toBe(299)
  const others = [handled('a', 200, 201, 1), handled('a', 300, 301, 1)]
  expect(judgeOwnStalls([...others, ...handlings], [], [], range)).toBe(299)
  expect(judgeOwnStalls([], [], [], range)).toBe(0)
  expect(judgeOwnStalls([handled('a', 900)], [], [], range)).toBe(0)
})

test('a handling by another worker ends the gap', () => {
  expect(judgeOwnStalls([handled('a', 100), handled('b', 300), handled('a', 600)], [], [], range)).toBe(0)
  const later = [handled('a', 100), handled('b', 300), handled('b', 350), handled('b', 500)]
  expect(judgeOwnStalls(later, [], [], range)).toBe(149)
})

test('a handover by the worker ends the gap, even without a handling by another worker', () => {
  const handlings = [handled('a', 100), handled('a', 150), handled('a', 600), handled('a', 700)]
  const gaveUp = (worker: string, partition: number, at: number) => [
    { worker, partition, at, reason: 'revoked' as const },
  ]
  expect(judgeOwnStalls(handlings, gaveUp('a', 0, 200), [], range)).toBe(99)
  expect(judgeOwnStalls(handlings, gaveUp('a', 1, 200), [], range)).toBe(449)
  expect(judgeOwnStalls(handlings, gaveUp('b', 0, 200), [], range)).toBe(449)
})

test('a long handling is no stall, even if shorter ones run meanwhile', () => {
  expect(judgeOwnStalls([handled('a', 100, 400), handled('a', 410, 420)], [], [], range)).toBe(10)
  const both = [handled('a', 100, 400), handled('a', 120, 130), handled('a', 410, 420)]
  expect(judgeOwnStalls(both, [], [], range)).toBe(10)
})

describe('a gap with a lapse', () => {
  const handlings = [handled('a', 100), handled('a', 140), handled('a', 600)]

  test('of the worker, or of all workers, does not count', () => {
    for (const worker of ['a', undefined])
      expect(judgeOwnStalls(handlings, [], [{ worker, from: 200, to: 250 }], range)).toBe(39)
    expect(judgeOwnStalls(handlings, [], [{ worker: 'a', from: 200, to: undefined }], range)).toBe(39)
  })

  test('of another worker counts', () => {
    expect(judgeOwnStalls(handlings, [], [{ worker: 'b', from: 200, to: undefined }], range)).toBe(459)
  })
})

test('only the time under load counts', () => {
  const handlings = [handled('a', 100), handled('a', 600), handled('a', 2000)]
  expect(judgeOwnStalls(handlings, [], [], { from: 0, to: 1000 })).toBe(499)
  expect(judgeOwnStalls(handlings, [], [], { from: 0, to: 1500 })).toBe(899)
  expect(judgeOwnStalls(handlings, [], [], { from: 400, to: 700 })).toBe(200)
})
