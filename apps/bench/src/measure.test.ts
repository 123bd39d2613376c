import { expect, test } from 'vitest'
import { median, ratios } from './measure.ts'
import { reportCase } from './report.ts'
import { suites } from './suites.ts'

test('takes the median of odd and even numbers of rounds', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
})

test('compares round by round', () => {
  const rates = new Map([
    ['a', [10, 30]],
    ['b', [20, 10]],
  ])
  expect(ratios(rates, 'a', 'b')).toEqual([0.5, 3])
})

test('says which goal was missed', () => {
  const [suite] = suites
  const one = suite?.cases[0]
  if (suite === undefined || one === undefined) throw new Error('there is no suite')
  const rates = new Map([
    ['loop', [100]],
    ['snapstream', [40]],
    ['rxjs', [50]],
  ])
  expect(reportCase(suite, one, rates)).toContain('snapstream / rxjs: 0.80 (0.80 - 0.80), goal 1.00: MISSED')
})

test('every ratio names contestants that run', () => {
  for (const one of suites.flatMap((suite) => suite.cases))
    for (const { of, to } of one.ratios)
      expect(one.contestants.map(({ name }) => name)).toEqual(expect.arrayContaining([of, to]))
})
