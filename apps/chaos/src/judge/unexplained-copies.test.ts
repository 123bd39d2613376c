import { expect, test } from 'vitest'
import type { Handling } from '../handling.ts'
import type { Kill } from '../kill-count.ts'
import { unexplainedCopies } from './unexplained-copies.ts'

const handled = (worker: string, offset: number): Handling => ({ worker, partition: 1, offset, start: 0, end: 1 })
const kill = (worker: string | undefined, committed: number): Kill => ({
  at: 0,
  what: 'SIGKILL',
  worker,
  uncommitted: 100,
  counted: true,
  committed: new Map([[1, committed]]),
})
const copies = (count: number) => new Map([['1/7', count]])
const both = [handled('a', 7), handled('b', 7)]

test('a copy is explained by the kill of a worker that handled the record before its commit', () => {
  expect(unexplainedCopies(copies(2), both, [kill('a', 7)])).toBe(0)
  expect(unexplainedCopies(copies(2), both, [kill('a', 8)])).toBe(1)
  expect(unexplainedCopies(new Map(), both, [kill('a', 8)])).toBe(0)
})

test('the kill of another worker, or another failure, explains no copy', () => {
  expect(unexplainedCopies(copies(2), both, [kill('c', 0), kill(undefined, 0)])).toBe(1)
  expect(unexplainedCopies(copies(2), both, [])).toBe(1)
})

test('one kill explains one copy of a record', () => {
  const twice = [handled('a', 7), handled('a', 7), handled('b', 7)]
  expect(unexplainedCopies(copies(3), twice, [kill('a', 7)])).toBe(1)
  expect(unexplainedCopies(copies(3), [...twice, handled('c', 7)], [kill('a', 0), kill('b', 7)])).toBe(0)
})

test('a kill before the first commit explains a copy of any record', () => {
  expect(unexplainedCopies(copies(2), both, [{ ...kill('a', 0), committed: new Map() }])).toBe(0)
})
