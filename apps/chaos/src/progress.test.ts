import { expect, test } from 'vitest'
import { progressLine } from './progress.ts'
import type { Run } from './runs.ts'

const runs = [45, 105, 45].map((seconds) => ({ seconds }) as Run)

test('the total is the time of the runs that are done plus the estimate of the others', () => {
  const line = (elapsed: number, done: number, doneAfter: number) => progressLine(runs, { elapsed, done, doneAfter })
  expect(line(7, 0, 0)).toBe('progress: 0:07 of about 4:00, 0 of 3 runs done')
  expect(line(120, 1, 90)).toBe('progress: 2:00 of about 4:30, 1 of 3 runs done')
  expect(line(3700.4, 3, 3700.4)).toBe('progress: 61:40 of about 61:40, 3 of 3 runs done')
})

test('the estimated total is never below the elapsed time', () => {
  expect(progressLine(runs, { elapsed: 400, done: 2, doneAfter: 90 })).toContain('6:40 of about 6:40')
})
