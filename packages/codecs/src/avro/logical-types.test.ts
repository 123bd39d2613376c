import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AvroCodec } from './index.ts'

const of = (schema: object, options = {}) => AvroCodec(schema, options)
const long = (logicalType: string) => ({ type: 'long', logicalType })
const int = (logicalType: string) => ({ type: 'int', logicalType })
const decimal = (precision: number, scale: number) => ({ type: 'bytes', logicalType: 'decimal', precision, scale })
const fixed = (size: number, attributes: object) => ({ type: 'fixed', name: 'F', size, ...attributes })
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('logical types', () => {
  test.each([
    [int('date'), new Date('2026-01-02'), 20_455],
    [int('date'), new Date('1969-12-31'), -1],
    [int('time-millis'), 86_399_999, 86_399_999],
    [long('time-micros'), 86_399_999_999, 86_399_999_999],
    [long('timestamp-millis'), new Date('2026-01-02T03:04:05.678Z'), 1_767_323_045_678],
    [long('timestamp-micros'), 1_767_323_045_678_901, 1_767_323_045_678_901],
    [long('local-timestamp-millis'), -5, -5],
    [long('local-timestamp-micros'), 7, 7],
  ])('%j holds %o as a count', (schema, value, count) => {
    const bytes = of(schema).encode(value)
    expect(of(schema).decode(bytes)).toEqual(value)
    expect(of({ type: schema.type }).decode(bytes)).toBe(count)
  })

  test.each([
    [decimal(9, 2), '12.34', '0404d2'],
    [decimal(9, 2), '-12.34', '04fb2e'],
    [decimal(9, 2), '0.00', '0200'],
    [decimal(9, 0), '-1', '02ff'],
    [decimal(38, 38), `-0.${'9'.repeat(38)}`, undefined],
    [fixed(4, { logicalType: 'decimal', precision: 9, scale: 3 }), '-0.001', 'ffffffff'],
    [{ type: 'string', logicalType: 'uuid' }, '123e4567-e89b-12d3-a456-426614174000', undefined],
    [fixed(16, { logicalType: 'uuid' }), '123e4567-e89b-12d3-a456-426614174000', '123e4567e89b12d3a456426614174000'],
    [
      fixed(12, { logicalType: 'duration' }),
      { months: 1, days: 2, milliseconds: 4_294_967_295 },
      '0100000002000000ffffffff',
    ],
  ])('%j holds %o', (schema, value, bytes) => {
    const encoded = of(schema).encode(value)
    expect(of(schema).decode(encoded)).toEqual(value)
    expect(bytes ?? hex(encoded)).toBe(hex(encoded))
  })

  test('decimals of any size decode to the value that was encoded', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.nat(38), (unscaled, scale) => {
        const codec = of(decimal(38, scale))
        const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
        const whole = digits.slice(0, digits.length - scale)
        const text = `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`
        expect(codec.decode(codec.encode(text))).toBe(text)
      }),
    )
  })

  test.each([
    [int('date'), new Date('2026-01-02T00:00:00.001Z'), 'a date (a Date at midnight UTC)'],
    [int('date'), 20_455, 'a date'],
    [int('time-millis'), 86_400_000, 'since midnight'],
    [long('time-micros'), -1, 'since midnight'],
    [long('timestamp-millis'), new Date(Number.NaN), 'a timestamp-millis (a Date)'],
    [long('timestamp-millis'), 5, 'a Date'],
    [long('timestamp-micros'), new Date(), 'µs since 1970'],
    [long('timestamp-micros'), 1.5, 'a whole number'],
    [decimal(4, 2), '123.45', 'at most 4 digits, 2 of them behind the point'],
    [decimal(4, 2), '1.234', 'got "1.234"'],
    [decimal(4, 2), 1.23, 'got 1.23'],
    [decimal(4, 2), '1e1', 'got "1e1"'],
    [fixed(1, { logicalType: 'decimal', precision: 2 }), '128', 'at most 2 digits'],
    [{ type: 'string', logicalType: 'uuid' }, 'x', 'a uuid'],
    [fixed(12, { logicalType: 'duration' }), { months: -1, days: 0, milliseconds: 0 }, 'a duration'],
    [fixed(12, { logicalType: 'duration' }), { months: 1, days: 0 }, 'a duration'],
  ])('%j refuses %o', (schema, value, named) => {
    const codec = of({ type: 'record', name: 'R', fields: [{ name: 'a', type: schema }] })
    expect(() => codec.encode({ a: value })).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }))
    expect(() => codec.encode({ a: value })).toThrow('$.a should be')
    expect(() => codec.encode({ a: value })).toThrow(named)
  })

  test('decoded values outside of the logical type are refused', () => {
    expect(() => of(int('time-millis')).decode(of({ type: 'int' }).encode(-1))).toThrow('a time of day in them is -1')
    const uuid = { type: 'string', logicalType: 'uuid' }
    expect(() => of(uuid).decode(of({ type: 'string' }).encode('x'))).toThrow('a uuid in them is "x"')
    const late = of({ type: 'long' }).encode(9e15)
    expect(() => of(long('timestamp-millis')).decode(late)).toThrow('beyond what a Date holds')
  })

  test.each([
    { type: 'string', logicalType: 'date' },
    { type: 'string', logicalType: 'constructor' },
    { type: 'string', logicalType: 'decimal', precision: 4 },
    { type: 'string', logicalType: 7 },
  ])('counts for nothing where the schema is not one for it: %j', (schema) => {
    expect(of(schema).decode(of(schema).encode('x'))).toBe('x')
  })

  test('a decimal without a precision is ignored', () => {
    const codec = of({ type: 'bytes', logicalType: 'decimal' })
    expect(codec.decode(codec.encode(Buffer.of(1, 2)))).toEqual(Buffer.of(1, 2))
  })

  test('can be turned off or replaced', () => {
    expect(of(long('timestamp-millis'), { logicalTypes: { 'timestamp-millis': false } }).encode(5)).toHaveLength(1)
    const cents = {
      kind: 'number',
      takes: 'a number of cents',
      fromAvro: (bytes: Buffer) => bytes.readUInt8(),
      toAvro: (value: unknown) => (typeof value === 'number' ? Buffer.of(value) : undefined),
    }
    const codec = of(decimal(2, 2), { logicalTypes: { decimal: cents } })
    expect(codec.decode(codec.encode(42))).toBe(42)
    expect(() => codec.encode('0.42')).toThrow('a decimal (a number of cents), got "0.42"')
  })

  test('defaults have the form of values', () => {
    const codec = of({
      type: 'record',
      name: 'R',
      fields: [
        { name: 'at', type: long('timestamp-millis'), default: 5 },
        { name: 'price', type: decimal(4, 2), default: '\u0001' },
        { name: 'day', type: ['null', int('date')], default: null },
      ],
    })
    expect(codec.decode(codec.encode({}))).toEqual({ at: new Date(5), price: '0.01', day: null })
  })
})

describe('longs as bigints', () => {
  const bigints = { long: 'bigint' }

  test('have all 64 bits', () => {
    const codec = of({ type: 'long' }, bigints)
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(codec.decode(codec.encode(value))).toBe(value)
      }),
    )
    for (const value of [2n ** 63n, 1, '1', null])
      expect(() => codec.encode(value)).toThrow('a long (a bigint of 64 bits)')
    expect(() => codec.decode(Buffer.from(`${'ff'.repeat(11)}00`, 'hex'))).toThrow('more than 10 bytes')
    expect(() => codec.decode(Buffer.alloc(9, 0xff))).toThrow('end too early')
    expect(() => codec.decode(Buffer.from('ffffffffffffffffff7f', 'hex'))).toThrow('more than 64 bits')
  })

  test('encode like numbers', () => {
    for (const value of [0, -1, 63, 64, 2 ** 52, -(2 ** 52) - 1])
      expect(hex(of({ type: 'long' }, bigints).encode(BigInt(value)))).toBe(hex(of({ type: 'long' }).encode(value)))
  })

  test('are also used for times', () => {
    const codec = of(long('timestamp-micros'), bigints)
    expect(codec.decode(codec.encode(2n ** 60n))).toBe(2n ** 60n)
    const dates = of(long('timestamp-millis'), bigints)
    expect(dates.decode(dates.encode(new Date(7)))).toEqual(new Date(7))
    expect(() => of(long('time-micros'), bigints).encode(-1n)).toThrow('a whole bigint')
  })

  test('have defaults', () => {
    const codec = of({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'long', default: 3 }] }, bigints)
    expect(codec.decode(codec.encode({}))).toEqual({ a: 3n })
  })
})
