import { expect, test } from 'vitest'
import { handlingLine, parseHandlings } from './handling.ts'
import { handoverLine, parseHandovers } from './handover.ts'

test('handovers and handlings share a log and are read separately', () => {
  const log = handlingLine(1, 7, 10, 12) + handoverLine(1, 13.5) + handlingLine(2, 8, 14, 15) + handoverLine(2, 16)
  expect(parseHandovers('w1', log)).toEqual([
    { worker: 'w1', partition: 1, at: 13.5 },
    { worker: 'w1', partition: 2, at: 16 },
  ])
  expect(parseHandlings('w1', log).map(({ partition, offset }) => [partition, offset])).toEqual([
    [1, 7],
    [2, 8],
  ])
  // A line that a kill cut short is ignored.
  expect(parseHandovers('w1', log.slice(0, -1))).toHaveLength(1)
})
