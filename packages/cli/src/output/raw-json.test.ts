import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isEmbeddable, rawFields } from './raw-json.ts'

test('the text of a field is found, whatever characters it has', () => {
  const json = String.raw` { "a" : 9007199254740993 ,"a":1e400,"b\u0022":"x,}\"\\", "c":[{"d":"]}"},[ ]],"e":{} , "f":-0 } `
  expect(rawFields(json)).toEqual([
    { name: 'a', json: '9007199254740993' },
    { name: 'a', json: '1e400' },
    { name: 'b"', json: String.raw`"x,}\"\\"` },
    { name: 'c', json: '[{"d":"]}"},[ ]]' },
    { name: 'e', json: '{}' },
    { name: 'f', json: '-0' },
  ])
  expect(rawFields('{}')).toEqual([])
  expect(rawFields('[1]')).toBeUndefined()
  expect(() => rawFields('{"a":}')).toThrow(SyntaxError)
})

test('the text of a field is the field that JSON.parse finds', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), (object, space) => {
      const found = rawFields(JSON.stringify(object, undefined, space)) ?? []
      expect(found.map(({ name, json }) => [name, JSON.parse(json) as unknown])).toEqual(
        Object.entries(JSON.parse(JSON.stringify(object)) as object),
      )
    }),
  )
})

describe('JSON that can be embedded in a line unchanged', () => {
  test.each([
    ['{"a":1}', true],
    ['[1, 2]', true],
    ['{"a":1,"a":2}', true],
    ['7', false],
    ['"text"', false],
    ['null', false],
    [' {}', false],
    ['{"a":\n1}', false],
    ['{"a":\r1}', false],
    ['{a:1}', false],
    ['{"a":1]', false],
    ['', false],
  ])('%s: %s', (text, expected) => expect(isEmbeddable(text)).toBe(expected))

  test('JSON that is nested deeper than 256 cannot be embedded', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect([256, 257, 1e6].map((depth) => isEmbeddable(nested(depth)))).toEqual([true, false, false])
  })
})

test('a string of millions of escapes takes little time and little stack', () => {
  const json = JSON.stringify({ key: '\\"'.repeat(2_000_000), value: 1 })
  expect(rawFields(json)?.map(({ name }) => name)).toEqual(['key', 'value'])
})
