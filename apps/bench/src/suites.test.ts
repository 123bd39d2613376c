import { expect, test } from 'vitest'
import { columnOf } from './report/columns.ts'
import { suites } from './suites.ts'

const cases = suites.flatMap((suite) => suite.cases.map((one) => ({ name: `${suite.name}/${one.name}`, one })))

test.each(cases)('$name compares contestants that it has, by figures that have a title', ({ one }) => {
  const names = one.contestants.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { of, to, figure = 'rate', toFigure = figure } of one.ratios) {
    expect(names).toEqual(expect.arrayContaining([of, to]))
    expect([columnOf(figure).title, columnOf(toFigure).title]).not.toEqual([figure, toFigure])
  }
})
