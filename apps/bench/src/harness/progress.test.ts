import { expect, test } from 'vitest'
import { createProgress, timeLeft } from './progress.ts'

test('estimates a contestant that has not run yet by the others', () => {
  const left = new Map([
    ['a', 2],
    ['b', 1],
  ])
  expect(timeLeft(left, new Map([['a', 10]]))).toBe(30)
  expect(timeLeft(left, new Map())).toBeUndefined()
})

test('estimates the remaining time from the durations of earlier runs', () => {
  const lines: string[] = []
  const progress = createProgress({ titles: ['a', 'b', 'a', 'b'], known: new Map(), log: (line) => lines.push(line) })
  progress.begins('a', 1)
  progress.ended('a', 60_000)
  progress.begins('b', 1)
  expect(lines).toEqual(['[1/4] a, round 1', '[2/4, about 3:00 left] b, round 1'])
})
