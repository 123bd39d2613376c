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

test('records of a key are handled one after the other, by their first handling', () => {
  expect(judge([handled(0, 0, 1), handled(1, 1, 2), handled(5, 3, 4)])).toBe(0)
  expect(judge([handled(0, 0, 1), handled(1, 2, 3), handled(0, 4, 5), handled(1, 6, 7), handled(2, 8, 9)])).toBe(0)
})

test('one that is handled before an earlier one is out of order', () => {
  expect(judge([handled(0, 0, 1), handled(2, 2, 3), handled(1, 4, 5)])).toBe(1)
})

test('one that begins while another is being handled is out of order', () => {
  expect(judge([handled(0, 0, 10), handled(1, 9, 12)])).toBe(1)
  expect(judge([handled(0, 0, 10), handled(1, 10, 12)])).toBe(0)
})

test('other keys and other partitions do not matter', () => {
  expect(judge([handled(1, 0, 10), handled(0, 5, 12)], (_, offset) => `k${offset}`)).toBe(0)
  expect(judge([handled(1, 0, 10), handled(0, 5, 12, 1)])).toBe(0)
})

test('one that did not come to its end counts when it is handled again', () => {
  expect(judge([handled(0, 0, undefined), handled(0, 20, 21), handled(1, 22, 23)])).toBe(0)
  expect(judge([handled(0, 0, undefined), handled(1, 5, 6), handled(0, 20, 21)])).toBe(1)
})
