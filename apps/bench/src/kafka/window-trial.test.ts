import { expect, test } from 'vitest'
import { expectedCounts } from './window-trial.ts'

test('a window has the records of its time, by key', () => {
  const shape = { records: 12, keys: 2, startMs: 1000, recordsPerMs: 2, sizeMs: 4 }
  expect([...expectedCounts(shape)]).toEqual(['k0|1000|4', 'k1|1000|4', 'k0|1004|2', 'k1|1004|2'])
})
