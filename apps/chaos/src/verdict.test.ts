import { expect, test } from 'vitest'
import { brokenPromises, NOTHING, promisesFor } from './verdict.ts'
import type { Figures } from './figures.ts'

const good: Figures = {
  ...NOTHING,
  produced: 10,
  handled: 10,
  rebalances: 3,
  kills: 2,
  killsCounted: 1,
  uncommitted: 5,
}

test('good figures break no promise', () => {
  expect(brokenPromises(good, {}, [])).toEqual([])
  expect(brokenPromises(good, { duplicates: 'none', stallMs: 1, ownStallMs: 1, recoveryMs: 1 }, [])).toEqual([])
})

test.each(['lost', 'outOfOrder', 'strange', 'commitsMovedBack', 'overlapping', 'unexplained'] as const)(
  'every case promises that %s is 0',
  (name) => {
    expect(brokenPromises({ ...good, [name]: 3 }, {}, [])).toEqual([expect.stringMatching(/^3 /)])
  },
)

test('duplicates are limited by the promise of the case', () => {
  const six = { ...good, duplicated: 6 }
  expect(brokenPromises(six, {}, [])).toEqual([])
  expect(brokenPromises(six, { duplicates: 'none' }, [])).toEqual(['6 duplicated'])
  expect(brokenPromises(six, { duplicates: 'uncommitted' }, [])).toEqual(['duplicated: 6, at most 5'])
  expect(brokenPromises({ ...good, duplicated: 5 }, { duplicates: 'uncommitted' }, [])).toEqual([])
})

test('times are limited only where the case promises it', () => {
  const slow = { ...good, longestStallMs: 20, recoveryMs: 30 }
  expect(brokenPromises(slow, {}, [])).toEqual([])
  expect(brokenPromises(slow, { stallMs: 19, recoveryMs: 29 }, [])).toHaveLength(2)
  const stale = { ...good, unexplained: 4, overlapping: 1, staleMs: 100 }
  expect(brokenPromises(stale, { staleMs: 100 }, [])).toEqual([])
  expect(brokenPromises(stale, { staleMs: 99 }, [])).toHaveLength(1)
})

test('rebalances are limited only where the case promises it', () => {
  expect(brokenPromises(good, { rebalances: 3 }, [])).toEqual([])
  expect(brokenPromises(good, { rebalances: 2 }, [])).toEqual(['rebalances: 3, at most 2'])
})

test('a run without counted kills or records, and a problem without a figure, break a promise', () => {
  expect(brokenPromises({ ...good, killsCounted: 0 }, {}, [])).toHaveLength(1)
  expect(brokenPromises(good, { counted: 2 }, [])).toHaveLength(1)
  expect(brokenPromises({ ...good, produced: 0, handled: 0 }, {}, [])).toHaveLength(1)
  expect(brokenPromises(good, {}, ['a worker ended'])).toEqual(['a worker ended'])
})

test('the stall of a kept partition is limited only where the case promises it', () => {
  expect(brokenPromises({ ...good, ownStallMs: 2000 }, { ownStallMs: 2000 }, [])).toEqual([])
  expect(brokenPromises({ ...good, ownStallMs: 2001 }, { ownStallMs: 2000 }, [])).toHaveLength(1)
  expect(brokenPromises({ ...good, ownStallMs: 9000 }, {}, [])).toEqual([])
})

test('each duplicate needs a kill that explains it where the case promises that', () => {
  const copied = { ...good, duplicated: 3, unexplainedCopies: 1 }
  expect(brokenPromises(copied, {}, [])).toEqual([])
  expect(brokenPromises(copied, { duplicates: 'uncommitted' }, [])).toEqual([expect.stringMatching(/^1 /)])
})

test.each([
  [20, 180, 20],
  [20, 360, 20],
  [20, 90, 10],
  [20, 2, 1],
  [undefined, 2, 1],
  [0, 180, 0],
])('of %s required kills per 180 s, a run of %s s requires %s', (counted, seconds, needed) => {
  const promises = counted === undefined ? {} : { counted }
  expect(promisesFor({ promises, seconds: 180 }, seconds)).toEqual({ counted: needed })
})
