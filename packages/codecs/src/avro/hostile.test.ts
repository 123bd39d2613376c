import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { refusal } from '../fixtures/refusal.ts'
import { AvroCodec } from './index.ts'

const record = (fields: readonly object[], name = 'R') => ({ type: 'record', name, fields })
const field = (name: string, type: unknown, more = {}) => ({ name, type, ...more })
const number = field('a', 'int')
const list = (items: unknown) => ({ type: 'array', items })
const mapOf = (values: unknown) => ({ type: 'map', values })

/** Bytes of an unsigned number in groups of seven bits. */
function varint(value: bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value << 1n) ^ BigInt.asUintN(64, value < 0n ? -1n : 0n)
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}
const bytesOf = (...parts: readonly (bigint | readonly number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'bigint' ? varint(part) : part)))

const readingOf = (schema: object, options = {}) => {
  const codec = AvroCodec(schema, options)
  return (bytes: Uint8Array) => refusal(() => codec.decode(bytes))
}

/** Each kind of container, read by its own schema, inside others, and skipped by a reader that dropped it. */
const PLACES: readonly (readonly [
  string,
  (type: unknown) => (bytes: Uint8Array) => { code: string; message: string },
])[] = [
  ['read', (type) => readingOf(record([field('x', type), number]))],
  [
    'read in a union',
    (type) => (bytes) => readingOf(record([field('x', ['null', type]), number]))(bytesOf([2], [...bytes])),
  ],
  [
    'read in a record that another schema wrote',
    (type) => readingOf(record([number, field('x', type)]), { writer: record([field('x', type), number]) }),
  ],
  [
    'read as a union by another schema',
    (type) => readingOf(record([field('x', ['null', type])]), { writer: record([field('x', type), number]) }),
  ],
  ['skipped', (type) => readingOf(record([number]), { writer: record([field('x', type), number]) })],
  [
    'skipped in a union',
    (type) => (bytes) =>
      readingOf(record([number]), { writer: record([field('x', ['null', type]), number]) })(bytesOf([2], [...bytes])),
  ],
  [
    'skipped in a record',
    (type) => readingOf(record([number]), { writer: record([field('y', record([field('x', type)], 'Y')), number]) }),
  ],
  [
    'skipped as a logical type',
    (type) =>
      readingOf(record([number]), {
        writer: record([field('x', { ...(type as object), logicalType: 'mine' }), number]),
        logicalTypes: {
          mine: { fromAvro: (value: unknown) => value, toAvro: (value: unknown) => value, kind: 'object', takes: 'it' },
        },
      }),
  ],
]

const CONTAINERS = [
  ['an array of ints', list('int')],
  ['a map of ints', mapOf('int')],
  ['an array of nulls', list('null')],
  ['an array of arrays', list(list('int'))],
  ['an array of empty records', list(record([], 'Empty'))],
] as const

const COUNTS = [
  ['a block of a negative size', bytesOf(-1n, -2n, 0n, 5n)],
  ['a block of 2^40 items', bytesOf(2n ** 40n, [0, 0, 0])],
  ['a block of 2^62 items', bytesOf(2n ** 62n, [0, 0, 0])],
  ['a block of -2^63 items', bytesOf(-(2n ** 63n), 0n, 0n)],
  ['a block of a size of 2^40', bytesOf(-1n, 2n ** 40n, 0n)],
  ['a count of 11 bytes', Uint8Array.from([...Array.from({ length: 10 }, () => 0x80), 1, 0, 0])],
] as const

describe.each(PLACES)('%s', (_, reading) => {
  describe.each(CONTAINERS)('%s', (_name, type) => {
    test.each(COUNTS)('%s is refused at once', (_count, bytes) => {
      const { code, message } = reading(type)(bytes)
      expect(code).toBe('DECODE_FAILED')
      expect(message).toMatch(/end too early|more than 1000000 items|negative number of bytes|more than 10 bytes/)
    })
  })
})

describe('the limits of AvroCodec', () => {
  const nulls = AvroCodec<null[][]>(list(list('null')), { maxItems: 10 })
  const ofNulls = (...lengths: readonly number[]) => lengths.map((length) => Array.from({ length }, () => null))

  test('maxItems counts all arrays and maps of a value together, however they are nested or cut into blocks', () => {
    const fits = nulls.encode(ofNulls(4, 4))
    expect(nulls.decode(fits)).toEqual(ofNulls(4, 4))
    expect(refusal(() => nulls.encode(ofNulls(4, 5)))).toMatchObject({
      code: 'ENCODE_FAILED',
      message: expect.stringContaining('more than 10 items in its arrays and maps, the limit by maxItems') as string,
    })
    const free = AvroCodec<null[][]>(list(list('null')))
    expect(refusal(() => nulls.decode(free.encode(ofNulls(4, 5)))).message).toContain('more than 10 items')
    const blocks = AvroCodec(list('null'), { maxItems: 10 })
    const eleven = bytesOf(...Array.from({ length: 11 }, () => 1n), 0n)
    expect(refusal(() => blocks.decode(eleven)).message).toContain('more than 10 items')
    const map = AvroCodec(mapOf('int'), { maxItems: 1 })
    expect(refusal(() => map.encode({ a: 1, b: 2 })).message).toContain('more than 1 items')
  })

  test('601 bytes that claim 120 million items without bytes are refused when they are read and skipped', () => {
    const bytes = bytesOf(...Array.from({ length: 120 }, () => 999_999n), 0n)
    expect(readingOf(list('null'))(bytes).message).toContain('more than 1000000 items')
    const skipping = readingOf(record([number]), { writer: record([field('x', list('null')), number]) })
    expect(skipping(bytesOf([...bytes], 5n)).message).toContain('more than 1000000 items')
    expect(readingOf(list(record([], 'Empty')))(bytes).message).toContain('more than 1000000 items')
  })

  test('records without bytes count as items, and large records have to be present', () => {
    const doubling = (leaf: unknown) => {
      let type: unknown = record(leaf === undefined ? [] : [field('leaf', leaf)], 'R0')
      for (let i = 1; i <= 40; i++) type = record([field('a', type), field('b', `R${i - 1}`)], `R${i}`)
      return type as object
    }
    for (const reading of [readingOf(doubling(undefined)), readingOf(doubling('null'))])
      expect(reading(Uint8Array.of()).message).toContain('more than 1000000 items')
    for (const leaf of ['int', 'string', 'double', list('int')])
      expect(readingOf(doubling(leaf))(Uint8Array.of(0, 0, 0)).message).toContain('end too early')
    const writer = record([field('x', doubling('int')), number], 'W')
    expect(readingOf(record([number], 'W'), { writer })(Uint8Array.of(0, 0, 0)).message).toContain('end too early')
  })

  test('maxBytes bounds read and written values', () => {
    const codec = AvroCodec<string>({ type: 'string' }, { maxBytes: 100 })
    expect(codec.decode(codec.encode('x'.repeat(98)))).toHaveLength(98)
    expect(refusal(() => codec.encode('x'.repeat(99)))).toMatchObject({
      code: 'ENCODE_FAILED',
      message: expect.stringContaining('it has 101 bytes, the limit by maxBytes is 100') as string,
    })
    expect(refusal(() => codec.decode(AvroCodec({ type: 'string' }).encode('x'.repeat(99))))).toMatchObject({
      code: 'DECODE_FAILED',
      message: expect.stringContaining('the limit by maxBytes is 100') as string,
    })
    const large = 'x'.repeat(2 ** 24)
    expect(refusal(() => AvroCodec({ type: 'string' }).encode(large)).message).toContain('maxBytes is 16777216')
    const larger = AvroCodec<string>({ type: 'string' }, { maxBytes: 2 ** 25 })
    expect(larger.decode(larger.encode(large))).toBe(large)
  })

  const tree = record([field('next', ['null', 'R'])])
  const nested = (depth: number) => {
    let value: object | null = null
    for (let i = 0; i < depth; i++) value = { next: value }
    return value
  }
  const deep = (depth: number) => Uint8Array.from([...Array.from({ length: depth - 1 }, () => 2), 0])

  test('maxDepth bounds recursive types when they are read, resolved, skipped and written', () => {
    const codec = AvroCodec(tree)
    expect(codec.decode(deep(500))).toEqual(nested(500))
    expect(new Uint8Array(codec.encode(nested(500)))).toEqual(deep(500))
    const writer = record([field('x', tree), number], 'W')
    const reader = record([number], 'W')
    const other = record([field('more', 'int', { default: 7 }), field('next', ['null', 'R'])])
    for (const { code, message } of [
      refusal(() => codec.decode(deep(501))),
      refusal(() => codec.decode(deep(1_000_000))),
      refusal(() => AvroCodec(other, { writer: tree }).decode(deep(1_000_000))),
      refusal(() => AvroCodec(reader, { writer }).decode(deep(1_000_000))),
      refusal(() => codec.encode(nested(501))),
      refusal(() => codec.encode(nested(100_000))),
    ]) {
      expect(code).toMatch(/^(DE|EN)CODE_FAILED$/)
      expect(message).toContain('it is nested more than 500 times, the limit by maxDepth')
    }
    const loop: { next: unknown } = { next: null }
    loop.next = loop
    expect(refusal(() => codec.encode(loop)).code).toBe('ENCODE_FAILED')
    const boundless = AvroCodec(tree, { maxDepth: 10_000_000, maxBytes: 2 ** 30 })
    expect(refusal(() => boundless.decode(deep(1_000_000)))).toMatchObject({
      code: 'DECODE_FAILED',
      message: expect.stringContaining('deeper than the stack holds') as string,
    })
    expect(refusal(() => boundless.encode(nested(1_000_000))).code).toBe('ENCODE_FAILED')
  })

  test('maxDepth does not apply to types that are not recursive', () => {
    let type: unknown = 'int'
    for (let i = 0; i < 600; i++) type = list(type)
    const codec = AvroCodec(type as object, { maxDepth: 1 })
    let value: unknown = 5
    for (let i = 0; i < 600; i++) value = [value]
    expect(codec.decode(codec.encode(value))).toEqual(value)
  })

  test.each(['maxBytes', 'maxDepth', 'maxItems'])('%s has to be a whole number', (name) => {
    for (const limit of [0, -1, 1.5, Number.NaN, '5', Infinity])
      expect(refusal(() => AvroCodec({ type: 'int' }, { [name]: limit }))).toMatchObject({ code: 'USAGE' })
  })
})

describe('numbers and booleans', () => {
  test.each([
    ['2^31', bytesOf(2n ** 31n)],
    ['-2^31 - 1', bytesOf(-(2n ** 31n) - 1n)],
    ['2^62', bytesOf(2n ** 62n)],
    ['6 bytes', Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0)],
  ])('an int of %s is refused, where it is read and where another schema reads it', (_, bytes) => {
    for (const reader of ['int', 'long', 'float', 'double'])
      expect(readingOf(record([field('x', reader)]), { writer: record([field('x', 'int')]) })(bytes)).toMatchObject({
        code: 'DECODE_FAILED',
        message: expect.stringContaining('an int in them has more than 32 bits') as string,
      })
  })

  test('ints and longs of 32 and of 64 bits are read', () => {
    for (const value of [2n ** 31n - 1n, -(2n ** 31n), 0n, -1n])
      expect(AvroCodec({ type: 'int' }).decode(bytesOf(value))).toBe(Number(value))
    for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -1n])
      expect(AvroCodec({ type: 'long' }, { long: 'bigint' }).decode(bytesOf(value))).toBe(value)
  })

  test.each([2, 255])('a boolean of %s is refused', (byte) => {
    expect(readingOf({ type: 'boolean' })(Uint8Array.of(byte)).message).toContain(`a boolean in them is ${byte}`)
  })

  test.each([
    ['bytes', { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 2 }],
    ['bytes of the highest precision', { type: 'bytes', logicalType: 'decimal', precision: 10_000, scale: 0 }],
    ['fixed', { type: 'fixed', name: 'F', size: 1_000_000, logicalType: 'decimal', precision: 20, scale: 2 }],
  ])('a decimal of 1 MB is refused at once: %s', (_, type) => {
    const digits = new Uint8Array(1_000_000).fill(0x7f)
    const bytes = type.type === 'fixed' ? digits : Buffer.concat([Buffer.from(varint(1_000_000n)), digits])
    expect(readingOf(type)(bytes).message).toMatch(/a decimal in them has more than \d+ digits/)
  })

  test('the precision of a decimal is checked when it is read, and bytes that only repeat the sign do not count', () => {
    const codec = AvroCodec({ type: 'bytes', logicalType: 'decimal', precision: 2, scale: 1 })
    const read = (...bytes: readonly number[]) => codec.decode(Uint8Array.from([bytes.length * 2, ...bytes]))
    expect([read(99), read(0x9d), read(0, 0, 99), read(0xff, 0xff, 0x9d), read()]).toEqual([
      '9.9',
      '-9.9',
      '9.9',
      '-9.9',
      '0.0',
    ])
    for (const bytes of [[100], [0x9c], [0, 0, 100], [0, 0xff], [0xff, 0x00]])
      expect(refusal(() => read(...bytes)).message).toContain('a decimal in them has more than 2 digits')
  })

  test('a decimal as text of 1 MB is refused, and so is a schema of a million digits', () => {
    const codec = AvroCodec({ type: 'bytes', logicalType: 'decimal', precision: 20, scale: 2 })
    expect(refusal(() => codec.encode('9'.repeat(1_000_000))).code).toBe('ENCODE_FAILED')
    const schema = { type: 'bytes', logicalType: 'decimal', precision: 1_000_000, scale: 1_000_000 }
    expect(refusal(() => AvroCodec(schema))).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('at most 10000 digits') as string,
    })
  })
})

describe('names', () => {
  const names = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'prototype',
    'then',
    'class',
    'this',
  ]

  test.each(names)('a field named %s is an ordinary field', (name) => {
    const schema = record([field(name, 'int'), field('b', 'string', { default: 'x' })])
    const codec = AvroCodec(schema)
    const value = Object.defineProperty({ b: 'y' }, name, {
      value: 7,
      enumerable: true,
      configurable: true,
      writable: true,
    })
    const read = codec.decode(codec.encode(value)) as object
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect(Object.getOwnPropertyDescriptor(read, name)).toMatchObject({ value: 7, enumerable: true, writable: true })
    expect(Object.keys(read)).toEqual([name, 'b'])
    expect(refusal(() => codec.encode({ b: 'y' })).message).toContain(`$.${name} should be "int", got undefined`)
  })

  test.each(names)('a field named %s may come from a default, of the writer or of the reader', (name) => {
    const schema = record([
      field('b', 'int'),
      field(name, record([field(name, 'int')], 'Inner'), { default: JSON.parse(`{"${name}":5}`) as object }),
    ])
    const writer = record([field('b', 'int')])
    for (const read of [
      AvroCodec(schema).decode(AvroCodec(schema).encode({ b: 1 })),
      AvroCodec(schema, { writer }).decode(AvroCodec(writer).encode({ b: 1 })),
    ]) {
      expect(Object.entries(read as object).map(([key]) => key)).toEqual(['b', name])
      expect(JSON.stringify(read)).toBe(`{"b":1,"${name}":{"${name}":5}}`)
    }
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
  })

  test('a type may have the name of a member of Object', () => {
    const schema = record([field('a', record([number], 'constructor')), field('b', 'constructor')], 'toString')
    const codec = AvroCodec(schema)
    expect(codec.decode(codec.encode({ a: { a: 1 }, b: { a: 2 } }))).toEqual({ a: { a: 1 }, b: { a: 2 } })
  })
})

describe('error messages', () => {
  test('cut long texts', () => {
    const long = 'x'.repeat(2_000_000)
    const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`${long.slice(0, 50)}${i}`, 1]))
    const inner = { a: { [long]: 1 } }
    const problems = [
      refusal(() => AvroCodec(record([number])).encode({ [long]: 1 })),
      refusal(() => AvroCodec(record([number])).encode(wide)),
      refusal(() => AvroCodec(record([field('a', mapOf('int'))])).encode({ a: { [long]: 'x' } })),
      refusal(() => AvroCodec(record([field('a', ['null', mapOf('string')])])).encode(inner)),
      refusal(() => AvroCodec({ type: 'enum', name: 'E', symbols: ['A'] }).encode(long)),
      refusal(() => AvroCodec({ type: long })),
      refusal(() => AvroCodec(record([field('a', long)]))),
      refusal(() => AvroCodec(record([field(`a.${long}`, 'int')]))),
      refusal(() =>
        AvroCodec({ type: 'string', logicalType: 'uuid' }).decode(AvroCodec({ type: 'string' }).encode(long)),
      ),
      refusal(() => AvroCodec(list('int')).encode(Array.from({ length: 100_000 }, () => long))),
    ]
    for (const problem of problems) {
      expect(problem.message.length).toBeLessThanOrEqual(2000)
      const { cause } = problem as { cause?: Error }
      expect((cause?.message ?? '').length).toBeLessThanOrEqual(2000)
    }
  })
})
