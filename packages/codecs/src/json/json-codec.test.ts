import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonCodec } from './index.ts'

const text = new TextDecoder()
const bytes = (text: string) => new TextEncoder().encode(text)
const order = {
  type: 'object',
  required: ['id'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', pattern: '^[a-z]+$' },
    at: { type: 'string', format: 'date-time' },
    items: { type: 'array', items: { type: 'object', properties: { 'a/b': { enum: [1, 2] } } } },
  },
}

describe('JsonCodec', () => {
  test('decodes any JSON to the value that was encoded', { timeout: 60_000 }, () => {
    const codec = JsonCodec()
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const encoded = codec.encode(value)
        expect(encoded).toBeInstanceOf(Uint8Array)
        expect(codec.decode(encoded)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(codec.decode(new Uint8Array(encoded))).toEqual(codec.decode(encoded))
      }),
      { numRuns: 1000 },
    )
  })

  test('encodes to text as to bytes, under a property that is not spread', () => {
    const codec = JsonCodec()
    const inText = codec['~snapstream.text']
    if (!inText) throw new Error('there is no text')
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const json = inText.encode(value)
        expect(bytes(json)).toEqual(new Uint8Array(codec.encode(value)))
        expect(inText.decode(json)).toEqual(codec.decode(bytes(json)))
      }),
    )
    const strict = JsonCodec({ schema: order })['~snapstream.text']
    expect(() => strict?.encode({ id: 7 })).toThrow('id')
    expect(() => strict?.decode('{"id":7}')).toThrow('id')
    expect(Object.keys({ ...codec })).toEqual(['encode', 'decode'])
  })

  test('writes what JSON.stringify writes', () => {
    const value = {
      b: 1,
      a: [true, null, 'ä🏆\uFFFD'],
      maybe: undefined,
      at: new Date(0),
      of: new (class Point {
        x = 1
      })(),
    }
    expect(text.decode(JsonCodec().encode(value))).toBe(JSON.stringify(value))
    expect(JsonCodec().decode(JsonCodec().encode('\uFFFD'))).toBe('\uFFFD')
  })

  const loop: unknown[] = []
  loop.push(loop)
  test.each([
    [undefined, '$ is undefined'],
    [() => {}, '$ is '],
    [Symbol('s'), 'Symbol(s)'],
    [Number.NaN, '$ is NaN'],
    [-Infinity, '$ is -Infinity'],
    [1n, 'BigInt'],
    [loop, 'circular'],
    [{ a: [1, { b: Number.NaN }] }, '$.a[1].b is NaN'],
    [{ a: () => 1 }, '$.a is '],
    [{ a: Symbol.iterator }, '$.a is '],
    [[1, undefined], '$[1] is undefined'],
    [Array.from({ length: 2 }), '$[0] is undefined'],
    [{ a: new Map([[1, 2]]) }, '$.a is a Map'],
    [new Set([1]), '$ is a Set'],
    [{ a: new Uint8Array(2) }, '$.a is a Uint8Array'],
    [new Error('lost'), 'Error'],
    [/x/, '$ is a RegExp'],
    [[new Date(Number.NaN)], '$[0] is an invalid Date'],
    [Promise.resolve(1), '$ is a Promise'],
  ])('refuses what JSON would lose (%#)', (value, named) => {
    expect(() => JsonCodec().encode(value)).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }))
    expect(() => JsonCodec().encode(value)).toThrow(named)
  })

  test('takes linear time for long values', () => {
    let deep: unknown = Number.NaN
    for (let i = 0; i < 500; i++) deep = { a: deep }
    expect(() => JsonCodec().encode(deep)).toThrow('is NaN')
  })

  test.each([
    ['{"a":', 'expected JSON'],
    ['', 'expected JSON'],
    ['\uFEFF1', 'expected JSON'],
  ])('refuses the text %j', (text, named) => {
    expect(() => JsonCodec().decode(bytes(text))).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }))
    expect(() => JsonCodec().decode(bytes(text))).toThrow(named)
  })

  test('refuses bytes that are not UTF-8', () => {
    expect(() => JsonCodec().decode(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(
      expect.objectContaining({ code: 'DECODE_FAILED', message: expect.stringContaining('not UTF-8') as string }),
    )
  })
})

describe('JsonCodec with a schema', () => {
  const codec = JsonCodec({ schema: order })

  test('accepts matching values when it encodes and decodes', () => {
    expect(codec.decode(codec.encode({ id: 'a', at: new Date(0), maybe: undefined }))).toEqual({
      id: 'a',
      at: '1970-01-01T00:00:00.000Z',
    })
  })

  test.each([
    [{ id: 1 }, '$.id must be string, got 1'],
    [{}, "$ must have required property 'id', got an object with no fields"],
    [{ id: 'A' }, '$.id must match pattern "^[a-z]+$", got'],
    [{ id: 'a', extra: 1 }, '$ must NOT have additional properties ("extra")'],
    [{ id: 'a', items: [{}, { 'a/b': 3 }] }, '$.items[1].a/b must be equal to one of the allowed values [1,2], got 3'],
    [null, '$ must be object, got null'],
  ])('refuses %j', (value, named) => {
    expect(() => codec.encode(value)).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }))
    expect(() => codec.encode(value)).toThrow(named)
    expect(() => codec.decode(bytes(JSON.stringify(value)))).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }))
    expect(() => codec.decode(bytes(JSON.stringify(value)))).toThrow(named)
  })

  test.each([
    [{ schema: { type: 'objekt' } }, 'type'],
    [{ schema: { typ: 'object' } }, 'typ'],
    [{ schema: { $ref: '#/missing' } }, 'missing'],
    [{ schema: { $async: true } }, 'synchronous'],
    [{ schema: 'order.json' }, 'order.json'],
    [{ schema: null }, 'null'],
    [order, 'JsonCodec({ schema })'],
    [null, 'null'],
  ])('refuses the options %j when it is made', (options, named) => {
    expect(() => JsonCodec(options as object)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => JsonCodec(options as object)).toThrow(named)
  })

  test('the same schema can be used twice', () => {
    const schema = { $id: 'https://example.org/order', type: 'string' }
    expect([JsonCodec({ schema }), JsonCodec({ schema })]).toHaveLength(2)
  })
})
