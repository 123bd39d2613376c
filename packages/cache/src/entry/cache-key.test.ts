import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeKey, describeKey, encodeKey, idOf, type CacheKey } from './cache-key.ts'

const number = fc.double({ noNaN: true })
const string = fc.string({ unit: 'binary' })
const bytes = fc.uint8Array()
const key: fc.Arbitrary<CacheKey> = fc.oneof(fc.boolean(), number, string, bytes)
const order = (a: CacheKey, b: CacheKey) => Math.sign(Buffer.compare(encodeKey(a), encodeKey(b)))

describe('cache keys', () => {
  test('decode to the key that was encoded', () => {
    fc.assert(
      fc.property(key, (key) => {
        expect(decodeKey(encodeKey(key))).toStrictEqual(Object.is(key, -0) ? 0 : key)
      }),
      { numRuns: 2000 },
    )
  })

  test('sort numbers by value', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(order(a, b)).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
      { numRuns: 2000 },
    )
  })

  test('sort strings by code point, which is not how JavaScript does it', () => {
    const points = (text: string) => Array.from(text, (character) => character.codePointAt(0)!)
    const compare = (a: number[], b: number[]): number => {
      for (const [i, point] of a.entries()) if (point !== b[i]) return point < (b[i] ?? -1) ? -1 : 1
      return a.length < b.length ? -1 : 0
    }
    fc.assert(
      fc.property(string, string, (a, b) => {
        expect(order(a, b)).toBe(compare(points(a), points(b)))
      }),
      { numRuns: 2000 },
    )
    expect(order('\uFFFF', '🏆')).toBe(-1)
  })

  test('sort bytes by byte, and types among themselves', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(order(a, b)).toBe(Math.sign(Buffer.compare(a, b)))
      }),
    )
    const rank = (key: CacheKey) => ['boolean', 'number', 'string', 'object'].indexOf(typeof key)
    fc.assert(
      fc.property(key, key, (a, b) => {
        fc.pre(rank(a) !== rank(b))
        expect(order(a, b)).toBe(Math.sign(rank(a) - rank(b)))
      }),
    )
  })

  test('have distinct ids', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const same = order(a, b) === 0
        expect(new Map([[idOf(a), true]]).has(idOf(b))).toBe(same)
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    [Number.NaN, 'NaN'],
    ['a\uD800', 'lone surrogate'],
    [1n, '1n'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{ id: 1 }, 'an object with'],
    [['a'], 'an array of 1'],
    [Symbol('s'), 'Symbol(s)'],
    [new Date(), 'a Date'],
  ])('refuse %s', (key, came) => {
    expect(() => encodeKey(key as CacheKey)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => encodeKey(key as CacheKey)).toThrow(came)
  })

  test.each(['', '00', '1001ff', '20ff', '30ff', 'ff'])('refuse the foreign bytes <%s>', (hex) => {
    expect(() => decodeKey(Buffer.from(hex, 'hex'))).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }))
  })

  test('are described in a few words', () => {
    expect([describeKey('a'), describeKey(Infinity), describeKey(new Uint8Array([1, 255]))]).toEqual([
      '"a"',
      'Infinity',
      '<01ff>',
    ])
    expect(describeKey('x'.repeat(1000)).length).toBeLessThan(70)
    expect(describeKey(new Uint8Array(1000)).length).toBeLessThan(80)
  })
})
