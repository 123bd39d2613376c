import { expect, test } from 'vitest'
import { resultsPage } from './results-page.ts'
import type { Result } from './verdict.ts'

test('each case and driver is one row over all its runs, and broken promises are listed', () => {
  const stalls = { longestStallMs: 100, ownStallMs: 50, recoveryMs: 900 }
  const figures = { killsCounted: 2, handled: 1000, lost: 0, outOfOrder: 0, duplicated: 5, ...stalls }
  const run = { case: 'random-kill', driver: 'kafkats', seed: 1, seconds: 60, rate: 5000, broken: [], ...figures }
  const again = { ...run, seed: 2, duplicated: 9, lost: 1, recoveryMs: 2000, broken: ['1 lost'] }
  const other = { ...run, driver: 'kafkajs', readerStallMs: 700, countedTwice: 3 }
  const page = resultsPage([run, again, other] as unknown as readonly Result[]).split('\n')
  expect(page).toContain(
    '| random-kill | kafkats | 2 | 60 s | 5000 | 4 | 2000 | 1 | 0 | 5 - 9 | 0.1 s | 0.1 s | 2.0 s |  |  | 1, 2 | 1 |',
  )
  expect(page).toContain(
    '| random-kill | kafkajs | 1 | 60 s | 5000 | 2 | 1000 | 0 | 0 | 5 | 0.1 s | 0.1 s | 0.9 s | 0.7 s | 3 | 1 | 0 |',
  )
  expect(page).toContain('- random-kill kafkats, seed 2: 1 lost')
})
