import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isInt64, parseInt64, toInt64 } from './int64.ts'

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(2n ** 53n, 2n ** 53n - 1n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n), 0n, -1n),
)

test('every 64-bit integer is exact, is a number if possible, and is the same after conversion to text and back', () => {
  fc.assert(
    fc.property(int64, (value) => {
      const held = toInt64(value)
      expect(BigInt(held)).toBe(value)
      expect(typeof held === 'number').toBe(Number.isSafeInteger(Number(value)))
      expect(isInt64(held)).toBe(true)
      expect(parseInt64(String(value))).toBe(held)
    }),
  )
})

test('other values are not 64-bit integers', () => {
  for (const value of [2 ** 53, 1.5, NaN, Infinity, 2n ** 63n, -(2n ** 63n) - 1n, '1', null])
    expect(isInt64(value)).toBe(false)
  for (const text of [
    '',
    '-',
    '+1',
    '01',
    '-0',
    '1.0',
    '1e3',
    ' 1',
    '9223372036854775808',
    '0x1',
    '99999999999999999999',
  ])
    expect(parseInt64(text)).toBeUndefined()
})
