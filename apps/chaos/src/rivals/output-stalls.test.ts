import { expect, test } from 'vitest'
import { outputStalls } from './output-stalls.ts'

const written = (value: string, timestamp: number) => ({ partition: 0, offset: 0, key: '', value, timestamp })

test('stalls are measured from the first output, by the partition of the input', () => {
  const outputs = [
    written('0/0', 1000),
    written('1/0', 1200),
    written('0/1', 1500),
    written('1/1', 4000),
    written('0/2', 4100),
  ]
  expect(outputStalls(outputs, { to: 4200, mishaps: [1600] })).toEqual({
    longestMs: 2500,
    partitionMs: 2800,
    recoveryMs: 2500,
  })
})

test('the time before the first output is no stall, the time after the last is', () => {
  expect(outputStalls([], { to: 4200, mishaps: [] }).longestMs).toBe(0)
  expect(outputStalls([written('0/0', 1000)], { to: 9000, mishaps: [] }).longestMs).toBe(8000)
})
