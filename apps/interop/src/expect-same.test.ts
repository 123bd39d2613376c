import { describe, expect, test } from 'vitest'
import { expectContent, expectSame } from './expect-same.ts'
import type { ReadLine } from './record-line.ts'

const line = (more: Partial<ReadLine> = {}): ReadLine => ({
  partition: 0,
  offset: 0,
  key: 'aw==',
  value: null,
  headers: [
    ['a', ''],
    ['b', null],
  ],
  timestamp: 5,
  ...more,
})
const lines = [line(), line({ offset: 1, key: null }), line({ partition: 1 })]

test('equal records pass', () => {
  expectSame(structuredClone(lines), lines)
  expectContent(lines.toReversed(), lines)
})

describe.each(['key', 'value', 'headers', 'timestamp'] as const)('a different %s', (field) => {
  const other = { key: 'eA==', value: '', headers: line().headers.toReversed(), timestamp: 6 }[field]
  const changed = lines.map((one, i) => (i === 2 ? { ...one, [field]: other } : one))

  test('fails both comparisons', () => {
    expect(() => expectSame(changed, lines)).toThrow('deeply equal')
    expect(() => expectContent(changed, lines)).toThrow('deeply equal')
  })
})

test.each(['partition', 'offset'] as const)('a different %s fails expectSame only', (field) => {
  const changed = lines.map((one) => ({ ...one, [field]: one[field] + 7 }))
  expect(() => expectSame(changed, lines)).toThrow('deeply equal')
  expectContent(changed, lines)
})

test('missing and additional records fail both comparisons', () => {
  for (const compare of [expectSame, expectContent]) {
    expect(() => compare(lines.slice(1), lines)).toThrow('deeply equal')
    expect(() => compare(lines.slice(0, 2), lines)).toThrow('deeply equal')
    expect(() => compare([...lines, line({ partition: 2 })], lines)).toThrow(/deeply equal|length/)
    expect(() => compare([], lines)).toThrow('deeply equal')
  }
})
