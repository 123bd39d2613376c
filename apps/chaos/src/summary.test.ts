import { expect, test } from 'vitest'
import { summaryLines } from './summary.ts'
import type { Result } from './verdict.ts'

test('the runs of a case with a driver are one line', () => {
  const zero = { case: 'pause', driver: 'kafkajs', lost: 0, duplicated: 0, broken: [] }
  const stalls = { longestStallMs: 1000, ownStallMs: 400, recoveryMs: 2000 }
  const result = (more: Partial<Result>) => ({ ...zero, ...stalls, ...more }) as Result
  expect(
    summaryLines([
      result({ duplicated: 7, lost: 1, broken: ['1 lost'] }),
      result({ driver: 'kafkats' }),
      result({ duplicated: 3, longestStallMs: 2500, recoveryMs: 1000, lost: 2, broken: ['2 lost'] }),
      result({ duplicated: 5 }),
    ]),
  ).toEqual([
    'pause kafkajs: 3 runs, 2 broken, lost 3, duplicated 3-7, longest stall 2.5 s, of its own 0.4 s, recovery 2.0 s',
    'pause kafkats: 1 runs, 0 broken, lost 0, duplicated 0-0, longest stall 1.0 s, of its own 0.4 s, recovery 2.0 s',
  ])
})
