import { expect, test } from 'vitest'
import { countedOutput, parseOutput, placeAlone } from './counted-output.ts'
import { judgeCounts } from './judge-counts.ts'
import type { CountFacts } from './judge-counts.ts'

const inputs = [
  { partition: 0, offset: 0, key: 'a' },
  { partition: 0, offset: 1, key: 'b' },
  { partition: 0, offset: 2, key: 'a' },
  { partition: 1, offset: 0, key: 'c' },
]
const output = (key: string, place: string, count: number) => ({ key, value: countedOutput(place, count) })
const outputs = [output('a', '0/0', 1), output('b', '0/1', 1), output('a', '0/2', 2), output('c', '1/0', 1)]
const handled = ['0/0', '0/1', '0/2', '1/0']
const counts = { a: 2, b: 1, c: 1 }
const audited = (given: Record<string, number>) => new Map([['a new folder', new Map(Object.entries(given))]])
const right = { exactlyOnce: true, inputs, outputs, audits: audited(counts), handled, uncommitted: 0 }
const judge = (given: Partial<CountFacts>) => judgeCounts({ ...right, ...given })
const again = { exactlyOnce: false, handled: [...handled, '0/0', '0/2'], uncommitted: 2 }

test('an output has a place and a count', () => {
  expect(parseOutput('3/17 12')).toEqual(['3/17', 12])
  expect(placeAlone({ partition: 0, offset: 5, key: 'a', value: '3/17 12' }).value).toBe('3/17')
})

test('counts that equal the input are no problem', () => {
  expect(judge({})).toEqual({ problems: [], tooHigh: 0 })
  expect(judge({ exactlyOnce: false })).toEqual({ problems: [], tooHigh: 0 })
})

test.each([
  [
    'a count that is too low',
    { audits: audited({ ...counts, a: 1 }) },
    'a new folder: the count of a is 1, expected 2',
  ],
  [
    'a count that is too high',
    { audits: audited({ ...counts, b: 2 }), uncommitted: 1 },
    'a new folder: the count of b is 2, expected 1',
  ],
  [
    'a count that is missing',
    { audits: audited({ a: 2, b: 1 }) },
    'a new folder: the count of c is missing, expected 1',
  ],
  [
    'a key that was never produced',
    { audits: audited({ ...counts, d: 1 }) },
    'a new folder: d is not a key of the input',
  ],
  [
    'an output that went back, with counts that are right in the end',
    { outputs: [...outputs.slice(0, 2), output('a', '0/2', 1)] },
    'the output for 0/2 of a is 1, expected 2',
  ],
  [
    'an output that counted a record twice',
    { outputs: [output('a', '0/0', 2)] },
    'the output for 0/0 of a is 2, expected 1',
  ],
])('exactly once: finds %s', (_, given, problem) => {
  expect(judge(given).problems).toEqual([problem])
})

test('at least once: a count may be too high by the records that were handled again', () => {
  expect(judge({ ...again, audits: audited({ ...counts, a: 4 }) })).toEqual({ problems: [], tooHigh: 2 })
  const outputsAgain = [...outputs, output('a', '0/0', 3), output('a', '0/2', 4)]
  expect(judge({ ...again, outputs: outputsAgain, audits: audited({ ...counts, a: 4 }) }).problems).toEqual([])
})

test.each([
  [
    'a count that is too low',
    { audits: audited({ ...counts, a: 1 }) },
    'a new folder: the count of a is 1, expected 2 to 4',
  ],
  [
    'a count above all handlings',
    { audits: audited({ ...counts, b: 2 }) },
    'a new folder: the count of b is 2, expected 1',
  ],
  ['an output that is too low', { outputs: [output('a', '0/2', 1)] }, 'the output for 0/2 of a is 1, expected 2 to 4'],
  [
    'counts above what was not committed',
    { audits: audited({ ...counts, a: 4 }), uncommitted: 1 },
    'the counts are 2 too high; 1 records were not committed at kills',
  ],
])('at least once: finds %s', (_, given, problem) => {
  expect(judge({ ...again, ...given }).problems).toEqual([problem])
})

test('many wrong counts are summarized', () => {
  const many = Array.from({ length: 9 }, (_, i) => ({ partition: 0, offset: i, key: `k${i}` }))
  const { problems } = judge({ inputs: many, outputs: [], audits: audited({}) })
  expect(problems).toHaveLength(6)
  expect(problems.at(-1)).toBe('9 counts are wrong in all')
})
