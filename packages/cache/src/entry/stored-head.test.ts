import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { addHead, bodyOf, headOf } from './stored-head.ts'

const number = fc.oneof(fc.constant(0), fc.nat(), fc.integer({ min: 0, max: 2 ** 48 - 1 }))
const bytes = fc.uint8Array().map((bytes) => Buffer.from(bytes))
// Also values that begin as a head does.
const marked = fc.constantFrom('\u000E', '\u000Es', '\u000Esn', '\u000Esn1234567')
const text = fc.tuple(fc.oneof(fc.constant(''), marked), fc.string()).map(([start, rest]) => start + rest)
const stored = fc.oneof(
  text,
  text.map((text) => Buffer.from(text)),
  bytes,
)

test('any head decodes with any value', () => {
  fc.assert(
    fc.property(stored, number, number, (stored, expiresAt, sequence) => {
      const whole = addHead(stored, expiresAt, sequence)
      expect(typeof whole).toBe(typeof stored)
      expect(bodyOf(whole, () => (expiresAt === 0 ? Infinity : expiresAt - 1))).toEqual(stored)
      // Text is stored as UTF-8, and read as bytes as well.
      expect(headOf(Buffer.from(whole as string))).toEqual(headOf(whole))
      const kept = headOf(whole) ?? { expiresAt: 0, sequence: 0 }
      expect(kept).toEqual({ expiresAt, sequence })
    }),
    { numRuns: 500 },
  )
})

test('most values are stored without a head', () => {
  const value = Buffer.from('\0value')
  expect(addHead(value, 0, 0)).toBe(value)
  expect(addHead('{"a":1}', 0, 0)).toBe('{"a":1}')
})

test('an expired value has no body', () => {
  const whole = addHead('1', 1000, 0)
  expect(bodyOf(whole, () => 999)).toBe('1')
  expect(bodyOf(whole, () => 1000)).toBeUndefined()
})
