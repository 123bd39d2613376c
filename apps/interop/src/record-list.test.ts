import { expect, test } from 'vitest'
import { headerBytes, headerLines, toBytesOrNull } from './record-line.ts'
import { recordList } from './record-list.ts'

const list = recordList(10_000, 12)
const lengths = (part: 'key' | 'value') => new Set(list.map((record) => toBytesOrNull(record[part])?.length ?? null))

test('the list is deterministic', () => {
  expect(recordList(10_000, 12)).toEqual(list)
})

test('the list has missing, empty, short and long keys and values', () => {
  for (const part of ['key', 'value'] as const)
    for (const length of [null, 0, 1, 100]) expect(lengths(part)).toContain(length)
  expect(Math.max(...[...lengths('key')].map(Number))).toBeGreaterThan(3000)
  const tombstone = list.find(({ key, value }) => key !== null && value === null)
  expect(tombstone).toBeDefined()
})

test('only records without a key have a partition', () => {
  for (const { key, partition } of list) expect(partition === undefined).toBe(key !== null)
})

test('the list has repeated and empty header names, and empty header values', () => {
  const some = list.map(({ headers }) => headers).filter((headers) => headers.length > 0)
  const repeats = some.filter((headers) => new Set(headers.map(([name]) => name)).size < headers.length)
  expect(repeats.length).toBeGreaterThan(100)
  expect(some.flat().some(([name]) => name === '')).toBe(true)
  expect(some.flat().some(([, value]) => value === '')).toBe(true)
  for (const record of list) expect(headerLines(headerBytes(record))).toEqual(record.headers)
})
