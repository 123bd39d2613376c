import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { recordSchema } from '../fixtures/record-schema.ts'
import { AvroCodec } from './index.ts'

const of = (type: unknown, options = {}) => {
  const codec = AvroCodec<{ a: unknown }>({ type: 'record', name: 'R', fields: [{ name: 'a', type }] }, options)
  return { ...codec, back: (a: unknown) => codec.decode(codec.encode({ a })).a }
}
const millis = { type: 'long', logicalType: 'timestamp-millis' }
const event = (name: string) => ({ type: 'record', name, fields: [{ name: 'id', type: 'int' }] })
const decimal = { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }

describe('unions', () => {
  test.each([
    [
      ['null', 'string'],
      [null, 'x'],
    ],
    [
      ['boolean', 'int', 'string', 'bytes'],
      [true, 1, 'x', Buffer.of(1)],
    ],
    [
      ['null', millis],
      [null, new Date(5)],
    ],
    [
      ['long', { type: 'int', logicalType: 'date' }, 'string'],
      [5, new Date(0), 'x'],
    ],
    [
      [
        { type: 'array', items: 'int' },
        { type: 'map', values: 'int' },
      ],
      [[1], { a: 1 }],
    ],
    [
      ['double', decimal],
      [1.5, '1.50'],
    ],
  ])('%j has bare values, as they can be told apart', (type, values) => {
    for (const value of values) expect(of(type).back(value)).toEqual(value)
  })

  test.each([
    [
      ['int', 'double'],
      [{ int: 1 }, { double: 1 }],
    ],
    [
      [event('org.A'), event('org.B')],
      [{ 'org.A': { id: 1 } }, { 'org.B': { id: 1 } }],
    ],
    [
      ['null', event('A'), event('B')],
      [null, { B: { id: 1 } }],
    ],
    [
      ['string', decimal],
      [{ string: '1.50' }, { bytes: '1.50' }],
    ],
    [
      ['int', { type: 'long', logicalType: 'time-micros' }],
      [{ int: 1 }, { long: 1 }],
    ],
  ])('%j has wrapped values, as they could not be told apart', (type, values) => {
    for (const value of values) {
      const back = of(type).back(value)
      expect(back).toEqual(value)
      expect(back === null || Object.getPrototypeOf(back) === Object.prototype).toBe(true)
    }
  })

  test('can always be wrapped', () => {
    const { back, encode } = of(['null', 'string'], { wrapUnions: 'always' })
    expect(back({ string: 'x' })).toEqual({ string: 'x' })
    expect(back(null)).toBeNull()
    expect(() => encode({ a: 'x' })).toThrow('(as { branch: value }), got "x"')
  })

  test.each([
    [1],
    [{ x: 1 }],
    [{ int: 1, double: 2 }],
    [{ constructor: 1 }],
    [{}],
    [undefined],
    ['int'],
    [{ int: 1.5 }],
  ])('refuses %j where values are wrapped', (value) => {
    expect(() => of(['int', 'double']).encode({ a: value })).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }))
  })

  test('refuses a branch that does not exist', () => {
    expect(() => of(['int', 'double']).decode(Buffer.of(8))).toThrow('does not exist')
    expect(() => of(['null', 'string']).decode(Buffer.of(8))).toThrow('union')
  })
})

describe('named types', () => {
  const tree = recordSchema('org.Tree', {
    value: 'int',
    children: { type: { type: 'array', items: 'Tree' }, default: [] },
  })

  test('may be recursive', () => {
    const codec = AvroCodec(tree)
    const value = { value: 1, children: [{ value: 2, children: [{ value: 3, children: [] }] }] }
    expect(codec.decode(codec.encode(value))).toStrictEqual(value)
    expect(() => codec.encode({ value: 1, children: [{ value: 2, extra: 3 }] })).toThrow('$.children[0]')
    expect(() => codec.encode({ value: 1, children: [{ value: 2, extra: 3 }] })).toThrow('the unknown fields extra')
  })

  test('may be used repeatedly, and come from other schemas', () => {
    const kind = { type: 'enum', name: 'org.Kind', symbols: ['A', 'B'] }
    const pair = { namespace: 'org', ...recordSchema('Pair', { left: 'Kind', right: 'org.Kind' }) }
    const codec = AvroCodec(pair, { references: [kind] })
    expect(codec.decode(codec.encode({ left: 'A', right: 'B' }))).toEqual({ left: 'A', right: 'B' })
    expect(() => AvroCodec(pair)).toThrow('org.Kind')
  })

  test.each(['constructor', '__proto__', 'toString', 'C', 0, null])('an enum refuses %j', (value) => {
    expect(() => of({ type: 'enum', name: 'E', symbols: ['A'] }).encode({ a: value })).toThrow(
      expect.objectContaining({ code: 'ENCODE_FAILED' }),
    )
  })
})

describe('records', () => {
  const codec = AvroCodec({
    type: 'record',
    name: 'R',
    fields: [
      { name: 'id', type: 'int' },
      { name: 'note', type: ['null', 'string'], default: null },
    ],
  })

  test('are plain objects', () => {
    expect(codec.decode(codec.encode({ id: 1, note: 'x' }))).toStrictEqual({ id: 1, note: 'x' })
  })

  test('may leave out a field that has a default', () => {
    expect(codec.decode(codec.encode({ id: 1 }))).toEqual({ id: 1, note: null })
    expect(codec.decode(codec.encode({ id: 1, note: undefined }))).toEqual({ id: 1, note: null })
  })

  test.each([
    [{ id: 1, nots: 'x' }],
    [{ id: 1, note: 'x', extra: undefined }],
    [{ id: 1, note: undefined, constructor: 1 }],
  ])('refuse a field that the schema does not have: %j', (value) => {
    expect(() => codec.encode(value)).toThrow('the unknown field')
  })

  test.each([[new Map()], [new Date()], [[]]])('and %o, which would be an empty one', (value) => {
    const all = AvroCodec({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'int', default: 1 }] })
    const map = AvroCodec({ type: 'map', values: 'int' })
    for (const each of [all, map])
      expect(() => each.encode(value)).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }))
  })

  test('may be instances of a class', () => {
    class Order {
      id = 7
    }
    expect(codec.decode(codec.encode(new Order()))).toEqual({ id: 7, note: null })
  })
})
