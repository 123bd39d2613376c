import { expect, test } from 'vitest'
import { compareKeys, type OperatorKey } from './index.ts'

const ORDERED: readonly OperatorKey[] = [
  false,
  true,
  -Infinity,
  -1.5,
  0,
  Number.MIN_VALUE,
  2,
  10,
  Infinity,
  '',
  '\0',
  '1',
  'a',
  'aa',
  'b',
  'ä',
  '\u{D7FF}',
  '\uE000',
  '\uFFFD',
  '🏆',
  '🏆a',
  new Uint8Array(),
  new Uint8Array([0]),
  new Uint8Array([0, 1]),
  new Uint8Array([255]),
]

test('orders keys by type, then by value', () => {
  for (const [i, one] of ORDERED.entries())
    for (const [j, other] of ORDERED.entries()) expect(Math.sign(compareKeys(one, other))).toBe(Math.sign(i - j))
  expect(compareKeys(new Uint8Array([1, 2]), new Uint8Array([1, 2]))).toBe(0)
  expect(compareKeys(-0, 0)).toBe(0)
})
