import { expect, test } from 'vitest'
import type { Handling } from '../handling.ts'
import { judgeStalls } from './stalls.ts'

const at = (partition: number, ...starts: number[]): Handling[] =>
  starts.map((start, offset) => ({ worker: 'a', partition, offset, start, end: start + 1 }))

test('the longest stall is measured over all partitions and per partition', () => {
  const handlings = [...at(0, 100, 200, 300, 900, 1000), ...at(1, 100, 450, 700, 1000)]
  expect(judgeStalls(handlings, { from: 100, to: 1000, mishaps: [] })).toEqual({
    longestMs: 250,
    partitionMs: 600,
    recoveryMs: 0,
  })
})

test('the times before the first and after the last handling are stalls', () => {
  expect(judgeStalls(at(0, 300, 400), { from: 0, to: 1000, mishaps: [] })).toMatchObject({
    longestMs: 600,
    partitionMs: 600,
  })
  expect(judgeStalls(at(0, 700, 900), { from: 0, to: 1000, mishaps: [] })).toMatchObject({ longestMs: 700 })
  // Handlings outside of the range do not count.
  expect(judgeStalls(at(0, 0, 500, 5000), { from: 400, to: 1000, mishaps: [] })).toMatchObject({ longestMs: 500 })
  expect(judgeStalls([], { from: 0, to: 1000, mishaps: [] })).toMatchObject({ longestMs: 1000 })
})

test('recovery lasts until every partition is handled again, or to the end of the range', () => {
  const handlings = [...at(0, 100, 210, 300, 900), ...at(1, 100, 250, 500)]
  const range = { from: 0, to: 1000 }
  expect(judgeStalls(handlings, { ...range, mishaps: [200] }).recoveryMs).toBe(50)
  expect(judgeStalls(handlings, { ...range, mishaps: [200, 300] }).recoveryMs).toBe(600)
  expect(judgeStalls(handlings, { ...range, mishaps: [600] }).recoveryMs).toBe(400)
})
