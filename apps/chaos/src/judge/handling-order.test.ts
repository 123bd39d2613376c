import { expect, test } from 'vitest'
import type { Handling } from '../handling.ts'
import { judgeHandlingOrder } from './handling-order.ts'

const handled = (offset: number, start: number, end: number | undefined, partition = 0): Handling => ({
  worker: 'a',
  partition,
  offset,
  start,
  end,
})
const oneKey = () => 'k'
const judge = (handlings: readonly Handling[], keyOf = oneKey as (partition: number, offset: number) => string) =>
  judgeHandlingOrder(handlings, keyOf)

test('records of a key whose first handlings follow each other are in order', () => {
  expect(judge([handled(0, 0, 1), handled(1, 1, 2), handled(5, 3, 4)])).toBe(0)
  expect(judge([handled(0, 0, 1), handled(1, 2, 3), handled(0, 4, 5), handled(1, 6, 7), handled(2, 8, 9)])).toBe(0)
})

test('a rewind repeats records in their order, from any of them', () => {
  const before = [handled(0, 0, 1), handled(1, 2, 3), handled(2, 4, 5)]
  expect(judge([...before, handled(1, 6, 7), handled(2, 8, 9), handled(3, 10, 11)])).toBe(0)
  expect(judge([...before, handled(1, 6, 7), handled(4, 8, 9), handled(3, 10, 11)])).toBe(1)
})

test('a record that is handled after a later one of its key is out of order', () => {
  expect(judge([handled(0, 0, 1), handled(2, 2, 3), handled(1, 4, 5)])).toBe(1)
})

test('a handling that begins during another of its key is out of order', () => {
  expect(judge([handled(0, 0, 10), handled(1, 9, 12)])).toBe(1)
  expect(judge([handled(0, 0, 10), handled(1, 10, 12)])).toBe(0)
})

test('keys and partitions are judged separately', () => {
  expect(judge([handled(1, 0, 10), handled(0, 5, 12)], (_, offset) => `k${offset}`)).toBe(0)
  expect(judge([handled(1, 0, 10), handled(0, 5, 12, 1)])).toBe(0)
})

test('a handling without an end is ignored in favour of the next one of its record', () => {
  expect(judge([handled(0, 0, undefined), handled(0, 20, 21), handled(1, 22, 23)])).toBe(0)
  expect(judge([handled(0, 0, undefined), handled(1, 5, 6), handled(0, 20, 21)])).toBe(1)
})
