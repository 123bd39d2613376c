import { expect, test } from 'vitest'
import { judgeCounts } from './judge-counts.ts'

const records = [
  { key: 'a', value: '1' },
  { key: 'a', value: '2' },
  { key: 'b', value: '5' },
]
const right = { 'count a': 2, 'sum a': 3, 'count b': 1, 'sum b': 5 }
const judge = (counted: Record<string, number>) => judgeCounts(records, new Map(Object.entries(counted)))

test('exact counts are no problem', () => {
  expect(judge(right)).toEqual({
    figures: { produced: 3, handled: 3, lost: 0, duplicated: 0, strange: 0 },
    problems: [],
  })
})

test('isShared adds the keys that all partitions share', () => {
  const shared = { 'count all a': 2, 'sum all a': 3, 'count all b': 1, 'sum all b': 5 }
  const judged = (counted: Record<string, number>) => judgeCounts(records, new Map(Object.entries(counted)), true)
  expect(judged({ ...right, ...shared })).toMatchObject({ figures: { handled: 3, lost: 0 }, problems: [] })
  expect(judged({ ...right, ...shared, 'count all a': 1 }).problems).toHaveLength(1)
})

test.each([
  ['a lost record', { ...right, 'count a': 1, 'sum a': 2 }, { lost: 1, duplicated: 0 }, 2],
  ['a duplicated record', { ...right, 'count a': 3, 'sum a': 4 }, { lost: 0, duplicated: 1 }, 2],
  ['a lost record beside a duplicated one', { ...right, 'count a': 1, 'count b': 2 }, { lost: 1, duplicated: 1 }, 2],
  ['a record with only one of its two effects', { ...right, 'sum b': 0 }, { lost: 0, duplicated: 0 }, 1],
  ['a key that was never produced', { ...right, 'count c': 1 }, { strange: 1, duplicated: 1 }, 1],
])('finds %s', (_, counted, figures, problems) => {
  const found = judge(counted)
  expect(found.figures).toMatchObject(figures)
  expect(found.problems).toHaveLength(problems)
})
