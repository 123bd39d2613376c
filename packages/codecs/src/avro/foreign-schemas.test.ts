import { describe, expect, test } from 'vitest'
import { AvroCodec } from './index.ts'
import { makeAvroCodec } from './avro-codec.ts'

const record = (name: string, fields: readonly object[] = [{ name: 'a', type: 'int' }]) => ({
  type: 'record',
  name,
  fields,
})
const read = (writer: unknown, reader: unknown, value: unknown, options = {}) =>
  AvroCodec(reader as object, { ...options, writer: writer as object }).decode(
    AvroCodec(writer as object, options).encode(value),
  )
/** A schema that others wrote. */
const foreign = (content: unknown) =>
  makeAvroCodec({ content, name: 'theirs', references: [], foreign: true }, undefined, {})

describe('types of another namespace', () => {
  test.each([
    [record('theirs.R'), record('mine.R'), { a: 1 }],
    [record('theirs.R'), { ...record('Other'), aliases: ['mine.R'] }, { a: 1 }],
    [['null', record('theirs.R')], ['null', record('mine.R')], { a: 1 }],
    [{ type: 'enum', name: 'theirs.E', symbols: ['A'] }, { type: 'enum', name: 'mine.E', symbols: ['A'] }, 'A'],
    [{ type: 'array', items: record('R') }, { type: 'array', items: record('mine.R') }, [{ a: 1 }]],
  ])('%j is read as %j', (writer, reader, value) => {
    expect(read(writer, reader, value)).toEqual(value)
  })

  test('the branch with the full name has precedence over one of another namespace', () => {
    const more = record('b.R', [
      { name: 'a', type: 'int' },
      { name: 'z', type: 'string', default: 'b' },
    ])
    expect(read(record('b.R'), [record('a.R'), more], { a: 1 })).toEqual({ 'b.R': { a: 1, z: 'b' } })
    expect(read(record('c.R'), [record('a.R'), more], { a: 1 })).toEqual({ 'a.R': { a: 1 } })
    expect(read({ type: 'long' }, ['float', 'long'], 2 ** 53 - 2)).toEqual({ long: 2 ** 53 - 2 })
  })

  test('a branch that failed does not affect the next one', () => {
    const inner = (name: string, more: readonly object[] = []) =>
      record(name, [{ name: 'next', type: ['null', name] }, { name: 'a', type: 'int' }, ...more])
    const writer = record('W', [
      { name: 'x', type: inner('R') },
      { name: 'y', type: 'R' },
    ])
    const wrong = record('Wrong', [
      { name: 'x', type: { ...inner('R1'), aliases: ['R'] } },
      { name: 'missing', type: 'int' },
    ])
    const right = record('W', [
      { name: 'x', type: { ...inner('R2'), aliases: ['R'] } },
      { name: 'y', type: 'R2' },
    ])
    const value = { x: { next: { next: null, a: 2 }, a: 1 }, y: { next: null, a: 3 } }
    expect(read(writer, [{ ...wrong, aliases: ['W'] }, right], value)).toEqual({ W: value })
  })
})

describe('differences that affect only some values', () => {
  test('a branch that only the writer has fails for values with it', () => {
    const codec = AvroCodec({ type: 'string' }, { writer: ['null', 'string'] })
    expect(codec.decode(Uint8Array.of(2, 2, 97))).toBe('a')
    expect(() => codec.decode(Uint8Array.of(0))).toThrow("the writer's branch cannot be read")
    expect(() => AvroCodec({ type: 'string' }, { writer: ['null', 'int'] })).toThrow('cannot read "null" as "string"')
  })

  test('a symbol that only the writer has fails for values with it', () => {
    const of = (symbols: readonly string[]) => ({ type: 'enum', name: 'E', symbols })
    const codec = AvroCodec(of(['A']), { writer: of(['A', 'B']) })
    expect(codec.decode(Uint8Array.of(0))).toBe('A')
    expect(() => codec.decode(Uint8Array.of(2))).toThrow("has the symbol B, which the reader's has not")
    expect(() => codec.decode(Uint8Array.of(4))).toThrow('has the symbol 2')
  })
})

describe('defaults', () => {
  const of = (type: unknown, fallback: unknown) => record('R', [{ name: 'a', type, default: fallback }])
  test.each([
    [['null', 'string'], '', ''],
    [['string', 'null'], null, null],
    [['null', 'long', 'string'], 5, 5],
    [['int', 'double'], 1.5, { double: 1.5 }],
    [
      ['null', { type: 'array', items: ['null', 'string'] }],
      ['x', null],
      ['x', null],
    ],
    [['null', record('Inner', [{ name: 'b', type: 'int', default: 1 }]), 'string'], 'x', 'x'],
    [['null', record('Inner', [{ name: 'b', type: 'int', default: 1 }]), 'string'], {}, { b: 1 }],
    [['null', { type: 'map', values: 'int' }], { a: 1 }, { a: 1 }],
    [['string', record('A'), record('B')], { a: 2 }, { A: { a: 2 } }],
  ])('of %j may be %j, of whichever branch', (type, fallback, expected) => {
    const codec = AvroCodec(of(type, fallback))
    expect(codec.decode(codec.encode({}))).toStrictEqual({ a: expected })
    expect(AvroCodec(of(type, fallback), { writer: record('R', []) }).decode(new Uint8Array())).toStrictEqual({
      a: expected,
    })
  })

  test('of no branch is refused in an own schema, and ignored in a foreign one', () => {
    expect(() => AvroCodec(of(['null', 'int'], 'x'))).toThrow('incompatible field default')
    expect(() => AvroCodec(of('int', 'x'))).toThrow('incompatible field default')
    for (const type of [['null', 'int'], 'int', { type: 'array', items: 'int' }])
      expect(foreign(of(type, 'x')).decode(Uint8Array.of(0))).toEqual({
        a: type === 'int' ? 0 : Array.isArray(type) ? null : [],
      })
  })
})

describe('names that avsc refuses', () => {
  const shop = {
    type: 'record',
    name: 'Envelope',
    namespace: 'db-1.shop',
    fields: [
      { name: 'before', type: ['null', record('Value', [{ name: 'id', type: 'int' }])] },
      { name: 'after', type: ['null', 'db-1.shop.Value'] },
      {
        name: 'source',
        type: ['null', record('io.1st.Source-x', [{ name: 'a-b', type: 'int', default: 3 }]), record('é.Ü')],
      },
    ],
  }

  test('types are read under their own names', () => {
    const codec = AvroCodec(shop)
    const value = { before: null, after: { id: 1 }, source: { 'io.1st.Source-x': { 'a-b': 5 } } }
    expect(codec.decode(codec.encode(value))).toEqual(value)
    const other = { ...value, source: { 'é.Ü': { a: 1 } } }
    expect(codec.decode(codec.encode(other))).toEqual(other)
    expect(() => codec.encode({ ...value, source: { 'io.1st.Source-x': { 'a-b': 'x' } } })).toThrow('a-b')
  })

  test('another schema reads them by the unqualified name', () => {
    const reader = {
      ...shop,
      namespace: 'db-2.shop',
      fields: [shop.fields[0], { ...shop.fields[1], type: ['null', 'Value'] }],
    }
    expect(read(shop, reader, { before: null, after: { id: 1 }, source: null })).toEqual({
      before: null,
      after: { id: 1 },
    })
  })

  test('fields may have names of any characters, and come from the writer under an alias', () => {
    const writer = record('R', [
      { name: 'a-b', type: 'int' },
      { name: '1 c', type: 'string' },
    ])
    const reader = record('R', [{ name: 'ab', type: 'int', aliases: ['a-b'] }])
    expect(AvroCodec(writer).decode(AvroCodec(writer).encode({ 'a-b': 1, '1 c': 'x' }))).toEqual({
      'a-b': 1,
      '1 c': 'x',
    })
    expect(read(writer, reader, { 'a-b': 1, '1 c': 'x' })).toEqual({ ab: 1 })
    expect(() => AvroCodec(writer).encode({ 'a-b': 1, '1 c': 'x', 'd-e': 1 })).toThrow('the unknown fields d-e')
  })
})
