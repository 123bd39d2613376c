import { expect, test } from 'vitest'
import { handlingLine, parseHandlings } from './handling.ts'

const worker = 'w1'

test('the log keeps each handling, with its times to the microsecond', () => {
  const log = handlingLine(2, 70, 1_800_000_000_000.125, 1_800_000_000_000.5) + handlingLine(0, 3, 5, 6)
  expect(parseHandlings(worker, log)).toEqual([
    { worker, partition: 2, offset: 70, start: 1_800_000_000_000.125, end: 1_800_000_000_000.5 },
    { worker, partition: 0, offset: 3, start: 5, end: 6 },
  ])
})

test('a start line and its end line are one handling; a handling without an end line has no end', () => {
  const log = handlingLine(0, 1, 5) + handlingLine(0, 2, 5) + handlingLine(0, 1, 5, 9)
  expect(parseHandlings(worker, log)).toEqual([
    { worker, partition: 0, offset: 1, start: 5, end: 9 },
    { worker, partition: 0, offset: 2, start: 5, end: undefined },
  ])
})

test('a line that a kill cut short is ignored', () => {
  const whole = handlingLine(0, 1, 5, 6)
  expect(parseHandlings(worker, whole + handlingLine(0, 2, 7, 8).slice(0, -1))).toHaveLength(1)
  expect(parseHandlings(worker, '0 1')).toEqual([])
})
