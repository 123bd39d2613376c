import { BytesCodec, StringCodec, type Codec } from '@snapstream/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AvroCodec } from '../avro/index.ts'
import { memoryRegistry, type MemoryRegistry } from '../fixtures/memory-registry.ts'
import { recordSchema } from '../fixtures/record-schema.ts'
import { JsonCodec } from '../json/index.ts'
import { SchemaRegistry } from '../registry/index.ts'
import { codecConformance } from './index.ts'

const text = (bytes: string) => new TextEncoder().encode(bytes)
const invalidText = Uint8Array.of(0xff, 0xfe)

const jsonValues = [null, true, 0, -1.5, '', 'zwei \uFFFD 🏆', [], [1, [null]], {}, { a: { b: [1] }, '': 0 }]
const lost = [undefined, Number.NaN, 1n, Symbol('s'), new Map(), [undefined], { a: () => 1 }]
const person = {
  type: 'object',
  required: ['name', 'born'],
  properties: { name: { type: 'string', minLength: 1 }, born: { type: 'string', format: 'date' } },
}
const persons = [
  { name: 'Ada', born: '1815-12-10' },
  { name: 'ä', born: '2000-02-29', more: [1] },
]
const noPersons = [null, {}, { name: '', born: '1815-12-10' }, { name: 'Ada', born: '2001-02-29' }]

const order = recordSchema('Order', {
  id: 'string',
  count: 'long',
  at: { type: ['null', { type: 'long', logicalType: 'timestamp-millis' }], default: null },
  tags: { type: 'array', items: { type: 'map', values: 'bytes' } },
  price: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
})
const orders = [
  { id: '', count: 0, at: null, tags: [], price: '0.00' },
  { id: 'zwei \uFFFD 🏆', count: -(2 ** 52) - 1, at: new Date(5), tags: [{}, { a: Buffer.of(0) }], price: '-1.50' },
]
const noOrders = [null, {}, { ...orders[0], id: 1 }, { ...orders[0], extra: 1 }, { ...orders[0], price: '1.234' }]

codecConformance({
  test,
  name: 'StringCodec',
  create: () => StringCodec(),
  values: ['', '\0', '\uFEFFzwei \uFFFD 🏆'],
  refused: [1, null, 'a\uD800'],
  broken: [invalidText],
})
codecConformance({
  test,
  name: 'BytesCodec',
  create: () => BytesCodec(),
  values: [new Uint8Array(), Uint8Array.of(0, 255)].map((bytes) => Buffer.from(bytes)),
  refused: ['a', null, [1]],
})
codecConformance<unknown>({
  test,
  name: 'JsonCodec',
  create: () => JsonCodec(),
  values: jsonValues,
  refused: lost,
  broken: [invalidText, text(''), text('{"a":'), text('\uFEFF1'), text('NaN')],
})
codecConformance<unknown>({
  test,
  name: 'JsonCodec with a schema',
  create: () => JsonCodec({ schema: person }),
  values: persons,
  refused: [...lost, ...noPersons],
  broken: noPersons.map((value) => text(JSON.stringify(value))),
})
codecConformance<unknown>({
  test,
  name: 'AvroCodec',
  create: () => AvroCodec(order),
  values: orders,
  refused: noOrders,
  broken: [new Uint8Array(), Uint8Array.of(1), Uint8Array.of(4, 0xff, 0xfe, 0, 0, 0, 2, 0)],
})
codecConformance<unknown>({
  test,
  name: 'AvroCodec with bigints and wrapped unions',
  create: () => AvroCodec(order, { long: 'bigint', wrapUnions: 'always' }),
  values: [{ ...orders[0], count: -(2n ** 63n), at: { long: new Date(5) } }],
  refused: [...orders, ...noOrders],
})

describe('with a registry', () => {
  let registry: MemoryRegistry
  beforeAll(async () => {
    registry = await memoryRegistry()
  })
  afterAll(() => registry.close())

  const subject = (name: string) => ({ register: true, subject: () => name })
  const shared = { test, broken: [new Uint8Array(), Uint8Array.of(0, 0, 0, 0), Uint8Array.of(1, 0, 0, 0, 1, 0)] }
  const client = () => SchemaRegistry({ url: registry.url })
  /** Prepared, so that it never returns a promise. */
  const prepared = async (codec: Codec<unknown> & { prepare(context: object): Promise<void> }) => {
    await codec.prepare({})
    return codec
  }
  codecConformance<unknown>({
    ...shared,
    name: 'registry.avro',
    create: () => prepared(client().avro({ ...subject('avro'), schema: order })),
    values: orders,
    refused: noOrders,
  })
  codecConformance<unknown>({
    ...shared,
    name: 'registry.json',
    create: () => prepared(client().json({ ...subject('json'), schema: person })),
    values: persons,
    refused: noPersons,
  })
  codecConformance<unknown>({
    ...shared,
    name: 'registry.avro, not prepared',
    create: () => client().avro({ schema: order, register: true }),
    values: orders,
    refused: noOrders,
    supports: { sync: false, noContext: false },
  })
})

describe('the suite finds', () => {
  const json = JsonCodec()
  const shared = Buffer.alloc(64)
  const bad: readonly (readonly [string, Codec<unknown>, string])[] = [
    ['a changed value', { ...json, decode: () => 1 }, 'decodes every value'],
    ['text for bytes', { ...json, encode: (value) => JSON.stringify(value) as never }, 'decodes every value'],
    [
      'reused memory',
      {
        ...json,
        encode(value) {
          const bytes = json.encode(value)
          shared.set(bytes)
          return shared.subarray(0, bytes.length)
        },
      },
      'returns new memory',
    ],
    ['a promise', { ...json, encode: async (value) => json.encode(value) }, 'never returns a promise'],
    [
      'a method that needs this',
      {
        encode: (value) => json.encode(value),
        decode(this: Codec<unknown> | undefined, bytes) {
          if (this?.encode === undefined) throw new TypeError('this is lost')
          return json.decode(bytes)
        },
      },
      'work without their object',
    ],
    [
      'a codec that needs a context',
      { ...json, encode: (v, c) => (c ? json.encode(v) : (undefined as never)) },
      'without a context',
    ],
    [
      'an accepted invalid value',
      { ...json, encode: (v) => Buffer.from(JSON.stringify(v) ?? 'null') },
      'refuses invalid values',
    ],
    [
      'another class of error',
      { ...json, decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown },
      'refuses invalid bytes',
    ],
    [
      'another class of error for damaged bytes',
      { ...json, decode: (b) => JSON.parse(Buffer.from(b).toString()) as unknown },
      'damaged',
    ],
    [
      'different text',
      Object.defineProperty({ ...json }, '~snapstream.text', { value: { encode: () => '7', decode: () => 7 } }),
      'encodes to text',
    ],
  ]
  test.each(bad)('%s', async (_, codec, title) => {
    const runs = new Map<string, () => Promise<void>>()
    codecConformance<unknown>({
      test: (name, run) => runs.set(name, run),
      name: 'bad',
      create: () => codec,
      values: [1, 'zwei'],
      refused: [Number.NaN],
      broken: [text('{')],
    })
    const run = [...runs].find(([name]) => name.includes(title))?.[1]
    await expect(run?.()).rejects.toBeInstanceOf(Error)
  })
})
