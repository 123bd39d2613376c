import { expect, test } from 'vitest'
import { handlingLine, parseHandlings } from './handling.ts'
import { handoverLine, noteLine, parseHandovers } from './handover.ts'

test('handovers, notes and handlings share a log and are read separately', () => {
  const log =
    handlingLine(1, 7, 10, 12) +
    handoverLine(1, 13.5, 'revoked') +
    noteLine('a transaction was aborted', 13.6) +
    handlingLine(2, 8, 14, 15) +
    handoverLine(2, 16, 'lost')
  expect(parseHandovers('w1', log)).toEqual([
    { worker: 'w1', partition: 1, at: 13.5, reason: 'revoked' },
    { worker: 'w1', partition: 2, at: 16, reason: 'lost' },
  ])
  expect(parseHandlings('w1', log).map(({ partition, offset }) => [partition, offset])).toEqual([
    [1, 7],
    [2, 8],
  ])
  // A line that a kill cut short is ignored.
  expect(parseHandovers('w1', log.slice(0, -1))).toHaveLength(1)
})
