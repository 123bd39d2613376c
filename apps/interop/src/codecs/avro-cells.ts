import type { AvroCodecOptions } from '@snapstream/codecs/avro'
import type { AvroLibrary } from './python-codecs.ts'

/** An Avro type with the same value in JavaScript and in Python. */
export interface AvroCell {
  readonly name: string
  readonly type: unknown
  readonly value: unknown
  /** The value in fastavro, and in the other libraries unless `avro` is set. */
  readonly python: unknown
  /** The value in `avro` and in Snapstream for Python, which uses `avro`. */
  readonly avro?: unknown
  readonly options?: AvroCodecOptions
}

export const LIBRARIES: readonly AvroLibrary[] = ['fastavro', 'avro', 'snapstream']

/** A cell with an equal value on both sides. */
const same = (name: string, type: unknown, value: unknown): AvroCell => ({ name, type, value, python: value })
const base64 = (...bytes: number[]) => ({ $bytes: Buffer.from(bytes).toString('base64') })
const long = (logicalType: string) => ({ type: 'long', logicalType })

const MILLIS = 1_767_323_045_678
const MICROS = MILLIS * 1000 + 901
const INT64 = { long: 'bigint' } as const
const event = (name: string) => ({ type: 'record', name, fields: [{ name: 'id', type: 'int' }] })

const PLAIN: readonly AvroCell[] = [
  same('null', 'null', null),
  same('boolean', 'boolean', true),
  same('int at its edge', 'int', -(2 ** 31)),
  same('long at the edge of numbers', 'long', -(2 ** 53) + 2),
  same('long beyond 2^52', 'long', 2 ** 52 + 1),
  same('float', 'float', 0.5),
  same('double', 'double', -1.7e308),
  same('string', 'string', 'zwei \uFFFD 🏆\0'),
  same('array', { type: 'array', items: { type: 'array', items: 'int' } }, [[1, 2], [], [3]]),
  same('map', { type: 'map', values: 'string' }, { a: 'x', 'ä 🏆': '' }),
  same('enum', { type: 'enum', name: 'Kind', symbols: ['A', 'B'] }, 'B'),
  same('record in a namespace', { ...event('Event'), namespace: 'org' }, { id: 1 }),
  { name: 'bytes', type: 'bytes', value: Buffer.of(0, 255), python: base64(0, 255) },
  { name: 'fixed', type: { type: 'fixed', name: 'F', size: 2 }, value: Buffer.of(7, 8), python: base64(7, 8) },
  ...[2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n].map((value) => ({
    name: `long ${value} as a bigint`,
    type: 'long',
    value,
    python: { $long: `${value}` },
    options: INT64,
  })),
]

const LOGICAL: readonly AvroCell[] = [
  {
    name: 'date',
    type: { type: 'int', logicalType: 'date' },
    value: new Date('1969-07-20'),
    python: { $date: '1969-07-20' },
  },
  {
    name: 'time-millis',
    type: { type: 'int', logicalType: 'time-millis' },
    value: 86_399_999,
    python: { $time: 86_399_999_000 },
  },
  { name: 'time-micros', type: long('time-micros'), value: 86_399_999_999, python: { $time: 86_399_999_999 } },
  {
    name: 'timestamp-millis',
    type: long('timestamp-millis'),
    value: new Date(MILLIS),
    python: { $utc: MILLIS * 1000 },
  },
  { name: 'timestamp-micros', type: long('timestamp-micros'), value: MICROS, python: { $utc: MICROS } },
  {
    name: 'local-timestamp-millis',
    type: long('local-timestamp-millis'),
    value: MILLIS,
    python: { $local: MILLIS * 1000 },
    avro: MILLIS,
  },
  {
    name: 'local-timestamp-micros',
    type: long('local-timestamp-micros'),
    value: MICROS,
    python: { $local: MICROS },
    avro: MICROS,
  },
  {
    name: 'decimal in bytes',
    type: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 4 },
    value: '-1234567890123456.7800',
    python: { $decimal: '-1234567890123456.7800' },
  },
  {
    name: 'decimal in fixed',
    type: { type: 'fixed', name: 'D', size: 8, logicalType: 'decimal', precision: 9, scale: 2 },
    value: '12.34',
    python: { $decimal: '12.34' },
  },
  {
    name: 'uuid',
    type: { type: 'string', logicalType: 'uuid' },
    value: '123e4567-e89b-12d3-a456-426614174000',
    python: { $uuid: '123e4567-e89b-12d3-a456-426614174000' },
    avro: '123e4567-e89b-12d3-a456-426614174000',
  },
  {
    // The libraries do not know durations and return the twelve bytes.
    name: 'duration',
    type: { type: 'fixed', name: 'D', size: 12, logicalType: 'duration' },
    value: { months: 1, days: 2, milliseconds: 3 },
    python: base64(1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0),
  },
]

const UNIONS: readonly AvroCell[] = [
  same('nullable, null', ['null', 'string'], null),
  same('nullable, not null', ['null', 'string'], 'x'),
  same('union of what can be told apart', ['int', 'string', { type: 'array', items: 'int' }], [1]),
  {
    name: 'nullable date',
    type: ['null', { type: 'int', logicalType: 'date' }],
    value: new Date('2026-01-02'),
    python: { $date: '2026-01-02' },
  },
  {
    name: 'union of records',
    type: [
      { ...event('A'), namespace: 'org' },
      { type: 'record', name: 'org.B', fields: [{ name: 'name', type: 'string' }] },
    ],
    value: { 'org.B': { name: 'x' } },
    python: { $branch: ['org.B', { name: 'x' }] },
    avro: { name: 'x' },
  },
  same(
    'record that holds itself',
    {
      type: 'record',
      name: 'Node',
      fields: [
        { name: 'n', type: 'int' },
        { name: 'next', type: ['null', 'Node'] },
      ],
    },
    { n: 1, next: { n: 2, next: null } },
  ),
]

export const CELLS: readonly AvroCell[] = [...PLAIN, ...LOGICAL, ...UNIONS]

interface Evolution {
  readonly name: string
  readonly writer: readonly object[]
  readonly reader: readonly object[]
  readonly written: unknown
  readonly read: unknown
}

/** Pairs of a writer's and a reader's schema that all libraries resolve alike. */
export const EVOLUTIONS: readonly Evolution[] = [
  {
    name: 'an added field',
    writer: [{ name: 'id', type: 'int' }],
    reader: [
      { name: 'note', type: ['null', 'string'], default: null },
      { name: 'id', type: 'int' },
      { name: 'n', type: 'int', default: 7 },
    ],
    written: { id: 1 },
    read: { note: null, id: 1, n: 7 },
  },
  {
    name: 'a removed field',
    writer: [
      { name: 'list', type: { type: 'array', items: 'string' } },
      { name: 'id', type: 'int' },
    ],
    reader: [{ name: 'id', type: 'int' }],
    written: { list: ['a', 'b'], id: 1 },
    read: { id: 1 },
  },
  {
    name: 'a wider type',
    writer: [
      { name: 'a', type: 'int' },
      { name: 'b', type: 'float' },
      { name: 'c', type: 'int' },
    ],
    reader: [
      { name: 'a', type: 'long' },
      { name: 'b', type: 'double' },
      { name: 'c', type: 'double' },
    ],
    written: { a: 5, b: 0.5, c: 1 },
    read: { a: 5, b: 0.5, c: 1 },
  },
  {
    name: 'a nullable field',
    writer: [{ name: 'a', type: 'string' }],
    reader: [{ name: 'a', type: ['null', 'string'], default: null }],
    written: { a: 'x' },
    read: { a: 'x' },
  },
]

/** Pairs that the specification allows and fastavro resolves. Python's `avro` refuses them because of different full names. */
export const OTHERS: readonly (Pick<Evolution, 'name' | 'written' | 'read'> & {
  readonly writer: object
  readonly reader: object
})[] = [
  {
    name: 'a record of another namespace',
    writer: { type: 'record', name: 'theirs.R', fields: [{ name: 'a', type: 'int' }] },
    reader: { type: 'record', name: 'mine.R', fields: [{ name: 'a', type: 'int' }] },
    written: { a: 1 },
    read: { a: 1 },
  },
  {
    name: 'names with hyphens',
    writer: { type: 'record', name: 'R-1', namespace: 'db-1.shop', fields: [{ name: 'a-b', type: 'int' }] },
    reader: { type: 'record', name: 'R-1', namespace: 'db-2.shop', fields: [{ name: 'a-b', type: 'long' }] },
    written: { 'a-b': 1 },
    read: { 'a-b': 1 },
  },
  {
    name: 'a default of the second branch',
    writer: { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] },
    reader: {
      type: 'record',
      name: 'R',
      fields: [
        { name: 'a', type: 'int' },
        { name: 'note', type: ['null', 'string'], default: '' },
      ],
    },
    written: { a: 1 },
    read: { a: 1, note: '' },
  },
  {
    name: 'a union of which the reader has one branch',
    writer: { type: 'record', name: 'R', fields: [{ name: 'a', type: ['null', 'string'] }] },
    reader: { type: 'record', name: 'R', fields: [{ name: 'a', type: 'string' }] },
    written: { a: 'x' },
    read: { a: 'x' },
  },
  {
    name: 'an enum with a symbol that the reader does not have',
    writer: {
      type: 'record',
      name: 'R',
      fields: [{ name: 'a', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } }],
    },
    reader: { type: 'record', name: 'R', fields: [{ name: 'a', type: { type: 'enum', name: 'E', symbols: ['B'] } }] },
    written: { a: 'B' },
    read: { a: 'B' },
  },
]
