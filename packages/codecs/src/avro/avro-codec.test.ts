import { Buffer } from 'node:buffer'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import avro from 'avsc'
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { recordSchema } from '../fixtures/record-schema.ts'
import { AvroCodec } from './index.ts'

const schema = recordSchema('Everything', {
  text: 'string',
  whole: 'int',
  long: 'long',
  double: 'double',
  single: 'float',
  flag: 'boolean',
  bytes: 'bytes',
  maybe: { type: ['null', 'string'], default: null },
  list: { type: 'array', items: { type: 'array', items: 'int' } },
  map: { type: 'map', values: { type: 'string' } },
  kind: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] },
})
const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const string = fc.string({ unit: 'binary' })
const everything = fc.record({
  text: string,
  whole: int,
  long: fc.integer({ min: Number.MIN_SAFE_INTEGER + 1, max: Number.MAX_SAFE_INTEGER - 1 }),
  double: fc.double(),
  single: fc.float(),
  flag: fc.boolean(),
  bytes: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  maybe: fc.option(string),
  list: fc.array(fc.array(int)),
  map: fc.dictionary(string, string, { noNullPrototype: true }),
  kind: fc.constantFrom('A', 'B'),
})
const codeOf = (run: () => unknown): unknown => {
  try {
    run()
    return undefined
  } catch (error) {
    return (error as { code?: unknown }).code ?? error
  }
}
const plain = (value: unknown) => ({ ...(value as object) })
const of = (type: unknown) => AvroCodec(type as object)
const record = (type: unknown) => AvroCodec({ type: 'record', name: 'R', fields: [{ name: 'a', type }] })

describe('AvroCodec', () => {
  test('decodes a Buffer or a plain Uint8Array to the value that was encoded', () => {
    const codec = AvroCodec(schema)
    fc.assert(
      fc.property(everything, (value) => {
        const bytes = codec.encode(value)
        expect(plain(codec.decode(bytes))).toEqual(value)
        expect(plain(codec.decode(new Uint8Array(bytes)))).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  test('refuses bytes that are too few or too many', () => {
    const codec = AvroCodec(schema)
    fc.assert(
      fc.property(everything, fc.nat(), (value, cut) => {
        const bytes = codec.encode(value)
        const failed = expect.objectContaining({ code: 'DECODE_FAILED' })
        expect(() => codec.decode(bytes.subarray(0, cut % bytes.length))).toThrow(failed)
        expect(() => codec.decode(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(failed)
      }),
    )
    expect(() => codec.decode(Buffer.alloc(0))).toThrow('they end too early')
    expect(() => of({ type: 'array', items: 'int' }).decode(Buffer.of(2, 2, 0, 0))).toThrow('more of them')
  })

  test('decodes any bytes to a value or an error in little time', () => {
    const codec = AvroCodec(schema)
    const list = of({ type: 'array', items: 'int' })
    const map = of({ type: 'map', values: 'null' })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        for (const each of [codec, list, map]) {
          const started = performance.now()
          const code = codeOf(() => each.decode(bytes))
          expect(code === undefined || code === 'DECODE_FAILED').toBe(true)
          expect(performance.now() - started).toBeLessThan(1000)
        }
      }),
      { numRuns: 3000 },
    )
    // The first number announces a trillion items.
    expect(() => list.decode(Buffer.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40))).toThrow('end too early')
  })

  test.each([
    ['long', 2 ** 53, '$.a should be a long'],
    ['long', 1.5, '$.a should be a long'],
    ['long', 1n, '1n'],
    ['int', 2 ** 31, '$.a should be "int", got 2147483648'],
    ['int', Number.NaN, 'NaN'],
    ['float', 1e300, '$.a should be "float", got 1e+300'],
    ['string', 'a\uD800', 'lone surrogate'],
    ['string', 1, 'got 1'],
    ['string', undefined, 'got undefined'],
    ['bytes', [1], '(a Uint8Array), got an array of 1'],
    ['bytes', new Uint16Array(1), '(a Uint8Array), got a Uint16Array'],
    [['null', 'string'], 1, '$.a should be ["null","string"], got 1'],
    [{ type: 'array', items: 'int' }, [1, 'x'], '$.a[1] should be "int", got'],
    [{ type: 'map', values: 'int' }, { b: 'x' }, '$.a.b should be "int"'],
    [{ type: 'map', values: 'int' }, { '\uD800': 1 }, '$.a should be'],
    [{ type: 'enum', name: 'E', symbols: ['A'] }, 'B', '$.a should be "E", got'],
    [{ type: 'record', name: 'S', fields: [] }, { extra: 1 }, 'got the unknown fields extra'],
  ])('refuses for %j the value %o', (type, a, named) => {
    expect(() => record(type).encode({ a })).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }))
    expect(() => record(type).encode({ a })).toThrow(named)
  })

  test.each([[null], [undefined], ['text'], [[]], [{}]])('refuses %j for a record', (value) => {
    expect(() => record('int').encode(value)).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }))
  })

  test('refuses numbers out of range and text that is not UTF-8', () => {
    const long = Buffer.from('feffffffffffffffff01', 'hex')
    expect(() => of({ type: 'long' }).decode(long)).toThrow('beyond what a number holds exactly')
    expect(() => of({ type: 'string' }).decode(Buffer.of(4, 0xff, 0xfe))).toThrow('not UTF-8')
    expect(() => of({ type: 'map', values: 'null' }).decode(Buffer.of(2, 2, 0xff, 0))).toThrow('not UTF-8')
    expect(of({ type: 'string' }).decode(of({ type: 'string' }).encode('\uFFFD'))).toBe('\uFFFD')
  })

  test('writes and reads strings of any length as avsc does, whatever their last character', () => {
    const codec = of({ type: 'string' })
    const avsc = avro.Type.forSchema('string')
    for (let length = 0; length <= 70; length++)
      for (const last of ['a', '\u007F', '\u0080', 'ä', '\uFFFD', '🏆']) {
        const text = 'x'.repeat(length) + last
        const bytes = Buffer.from(codec.encode(text))
        expect(bytes.equals(avsc.toBuffer(text))).toBe(true)
        expect(codec.decode(bytes)).toBe(text)
        expect(() => codec.decode(bytes.subarray(0, -1))).toThrow('end too early')
        const broken = Buffer.from(bytes)
        broken[broken.length - 1] = 0xff
        expect(() => codec.decode(broken)).toThrow('not UTF-8')
      }
    expect(() => codec.decode(Buffer.of(1))).toThrow('cannot read 1 bytes')
  })

  test('writes more strings than fit into its first buffer', () => {
    const codec = of({ type: 'array', items: 'string' })
    const texts = Array.from({ length: 5000 }, (_, i) => 'y'.repeat(i % 50))
    expect(codec.decode(codec.encode(texts))).toEqual(texts)
  })

  test('does not change written bytes later', () => {
    const codec = AvroCodec(schema)
    fc.assert(
      fc.property(fc.array(everything, { minLength: 50, maxLength: 200 }), (values) => {
        const written = values.map((value) => codec.encode(value))
        expect(written.map((bytes) => codec.decode(bytes))).toEqual(
          values.map((value) => codec.decode(codec.encode(value))),
        )
      }),
      { numRuns: 30 },
    )
    for (const long of ['number', 'bigint'] as const) {
      const longs = AvroCodec<(number | bigint)[]>({ type: 'array', items: 'long' }, { long })
      for (let length = 0; length < 10_000; length += 97) {
        const value = Array.from({ length }, (_, i) => (long === 'number' ? 2 ** 52 + i : 2n ** 52n + BigInt(i)))
        expect(longs.decode(longs.encode(value))).toEqual(value)
      }
    }
  })

  test('may be used by the encoder of a part of a value', () => {
    const inner = AvroCodec({ type: 'array', items: 'string' })
    const nested = {
      kind: 'object',
      takes: 'texts',
      fromAvro: (bytes: Buffer) => inner.decode(bytes),
      toAvro: (texts: unknown) => inner.encode(texts),
    }
    const outer = AvroCodec<{ before: string; inner: string[]; after: string }>(
      {
        type: 'record',
        name: 'Outer',
        fields: [
          { name: 'before', type: 'string' },
          { name: 'inner', type: { type: 'bytes', logicalType: 'nested' } },
          { name: 'after', type: 'string' },
        ],
      },
      { logicalTypes: { nested } },
    )
    const value = { before: 'b', inner: ['one', 'two', 'three'], after: 'a' }
    expect(plain(outer.decode(outer.encode(value)))).toEqual(value)
  })

  test('keeps longs exact up to the limit of a number', () => {
    const codec = of({ type: 'long' })
    for (const sign of [1, -1])
      for (const power of [1, 31, 32, 48, 49, 51, 52, 53])
        for (const by of [-3, -2, -1, 0, 1]) {
          const long = sign * (2 ** power + by)
          // Avro has one zero.
          if (long === 0 || Math.abs(long) >= Number.MAX_SAFE_INTEGER) continue
          expect([long, codec.decode(codec.encode(long))]).toEqual([long, long])
        }
    // 2^53 + 1 as a zigzag number, as other languages write it.
    expect(() => codec.decode(Buffer.from('8280808080808020', 'hex'))).toThrow('beyond what a number holds exactly')
    expect(() => codec.decode(Buffer.alloc(12, 0xff))).toThrow('more than 10 bytes')
    expect(() => codec.decode(Buffer.alloc(9, 0xff))).toThrow('end too early')
  })

  test('keeps a map key that is the name of a prototype', () => {
    const codec = of({ type: 'map', values: 'int' })
    const map = JSON.parse('{"__proto__":1,"constructor":2}') as object
    expect(Object.entries(codec.decode(codec.encode(map)) as object)).toEqual(Object.entries(map))
  })
})

describe('the schema of AvroCodec', () => {
  const folder = mkdtempSync(join(tmpdir(), 'snapstream-avro-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }

  test('may be the path of a file', () => {
    const codec = AvroCodec<{ id: string; amount: number }>(
      fileURLToPath(new URL('../fixtures/order.avsc', import.meta.url)),
    )
    expect(plain(codec.decode(codec.encode({ id: 'a', amount: 1.5 })))).toEqual({ id: 'a', amount: 1.5 })
  })

  test.each([
    [join(folder, 'missing.avsc'), 'missing.avsc'],
    [file('broken.avsc', '{'), 'broken.avsc is not JSON'],
    [file('wrong.avsc', '{"type":"recrod"}'), 'wrong.avsc) cannot use its schema'],
    ['{"type":"string"}', 'give a schema itself as an object'],
    ['', '.avsc file'],
    [null, 'null'],
    [1, '1'],
    [{}, 'cannot use its schema'],
    [{ type: 'record', name: 'R', fields: [{ name: 'a', type: 'Nope' }] }, 'AvroCodec of R cannot use its schema'],
  ])('refuses %j', (schema, named) => {
    expect(() => AvroCodec(schema as object)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => AvroCodec(schema as object)).toThrow(named)
  })
})
