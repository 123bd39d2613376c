import { describe, expect, test } from 'vitest'
import { AvroCodec } from './index.ts'

const record = (fields: object[], name = 'org.R') => ({ type: 'record', name, fields })
const field = (name: string, type: unknown, more = {}) => ({ name, type, ...more })
const id = field('id', 'int')
const read = (writer: object, reader: object, value: unknown, options = {}) =>
  AvroCodec(reader, { ...options, writer }).decode(AvroCodec(writer, options).encode(value))

describe('values of another schema', () => {
  test('get defaults for new fields and lose removed fields', () => {
    const writer = record([field('old', 'string'), id, field('list', { type: 'array', items: 'string' })])
    const reader = record([id, field('note', ['null', 'string'], { default: null }), field('n', 'int', { default: 7 })])
    expect(read(writer, reader, { old: 'x', id: 1, list: ['a'] })).toStrictEqual({ id: 1, note: null, n: 7 })
  })

  test('match by aliases, in the order of the writer', () => {
    const writer = record([field('a', 'int'), field('b', 'string')], 'org.Old')
    const reader = { ...record([field('b', 'string'), field('z', 'int', { aliases: ['a'] })]), aliases: ['org.Old'] }
    expect(read(writer, reader, { a: 1, b: 'x' })).toEqual({ b: 'x', z: 1 })
  })

  test.each([
    ['int', 'long', 5, 5],
    ['int', 'double', 5, 5],
    ['long', 'float', 5, 5],
    ['float', 'double', 0.5, 0.5],
    ['string', 'bytes', 'ä', Buffer.from('ä')],
    ['bytes', 'string', Buffer.from('ä'), 'ä'],
    ['int', ['null', 'long'], 5, 5],
    [['int', 'string'], ['null', 'string', 'long'], 5, 5],
    [['int', 'string'], ['null', 'string', 'long'], 'x', 'x'],
    [{ type: 'array', items: 'int' }, { type: 'array', items: 'double' }, [1, 2], [1, 2]],
    [{ type: 'map', values: 'int' }, { type: 'map', values: ['null', 'long'] }, { a: 1 }, { a: 1 }],
    ['int', ['string', 'int', 'double'], 5, { int: 5 }],
    [
      { type: 'enum', name: 'E', symbols: ['A', 'B', 'C'] },
      { type: 'enum', name: 'E', symbols: ['X', 'A'], default: 'X' },
      'C',
      'X',
    ],
    ['long', { type: 'long', logicalType: 'timestamp-millis' }, 5, new Date(5)],
    [{ type: 'int', logicalType: 'date' }, 'int', new Date(0), 0],
    [
      { type: 'long', logicalType: 'timestamp-millis' },
      ['null', { type: 'long', logicalType: 'timestamp-millis' }],
      new Date(5),
      new Date(5),
    ],
  ])('%j is read as %j', (writer, reader, value, expected) => {
    expect(read(record([field('a', writer)]), record([field('a', reader)]), { a: value })).toEqual({ a: expected })
  })

  test('are promoted to bigints', () => {
    const bigint = { long: 'bigint' }
    expect(read(record([field('a', 'int')]), record([field('a', 'long')]), { a: 5 }, bigint)).toEqual({ a: 5n })
  })

  test('may be recursive', () => {
    const tree = (more: object[]) => record([field('next', ['null', 'R'], { default: null }), ...more])
    const value = { next: { next: null, id: 2 }, id: 1 }
    const expected = { next: { next: null, id: 2, n: 7 }, id: 1, n: 7 }
    expect(read(tree([id]), tree([id, field('n', 'int', { default: 7 })]), value)).toStrictEqual(expected)
  })

  test.each([
    [record([id]), record([id, field('name', 'string')]), 'name'],
    [record([field('id', 'string')]), record([id]), 'cannot read'],
    [record([id]), record([id], 'org.Other'), 'no alias'],
    [
      record([field('a', { type: 'long', logicalType: 'timestamp-micros' })]),
      record([field('a', { type: 'long', logicalType: 'timestamp-millis' })]),
      'cannot read timestamp-micros as timestamp-millis',
    ],
    [
      record([field('a', { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 })]),
      record([field('a', { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 3 })]),
      'cannot read decimal of scale 2 as decimal of scale 3',
    ],
  ])('%j is refused at once where it cannot be read as %j', (writer, reader, named) => {
    expect(() => AvroCodec(reader, { writer })).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => AvroCodec(reader, { writer })).toThrow(named)
  })
})

describe('the options of AvroCodec', () => {
  test.each([
    [null, 'null'],
    [{ wraps: true }, 'wraps'],
    [{ long: 'string' }, "'number' or 'bigint'"],
    [{ wrapUnions: true }, "'auto' or 'always'"],
    [{ references: {} }, 'an array'],
    [{ logicalTypes: { date: {} } }, 'logical types'],
    [{ writer: 5 }, 'a schema or the path'],
  ])('refuses %j', (options, named) => {
    expect(() => AvroCodec({ type: 'int' }, options as object)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => AvroCodec({ type: 'int' }, options as object)).toThrow(named)
  })
})
