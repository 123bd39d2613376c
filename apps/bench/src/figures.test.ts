import { expect, test } from 'vitest'
import { median, spreadOf } from './figures.ts'

test('takes the median of odd and even numbers of rounds', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
})

test('leaves out rounds in which a figure was not measured', () => {
  expect(spreadOf([{ rate: 3 }, {}, { rate: 1 }], 'rate')).toEqual({ median: 2, least: 1, most: 3 })
  expect(spreadOf([{ rate: 3 }], 'peakBytes')).toBeUndefined()
})
