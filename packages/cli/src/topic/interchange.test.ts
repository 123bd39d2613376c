import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AvroCodec } from '@snapstream/codecs'
import { recordSchema } from '@snapstream/codecs/src/fixtures/record-schema.ts'
import { BytesCodec } from '@snapstream/core'
import { Admin, Conf, Topic } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { memory } from '@snapstream/kafka/memory'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { jsonLines, run, temporaryFolder } from '../fixtures/run.ts'
import { avroJson } from './avro-json.ts'

afterEach(() => Conf.reset())

/** A topic `a` with these values, and an empty topic `b`. */
async function topicsOf(values: readonly (Uint8Array | string | null)[]): Promise<Driver> {
  const driver = memory()
  await using admin = Admin({ driver })
  for (const name of ['a', 'b']) await admin.createTopic(name)
  await using topic = Topic<Uint8Array>('a', { codec: BytesCodec(), conf: { driver } })
  await topic.open()
  for (const value of values) await topic(typeof value === 'string' ? Buffer.from(value) : value)
  return driver
}

/** The values of a topic as they are. */
async function valuesOf(driver: Driver, name: string): Promise<(string | null)[]> {
  await using topic = Topic<Uint8Array | null, Uint8Array>(name, {
    codec: BytesCodec(),
    keyCodec: BytesCodec(),
    tombstones: true,
    conf: { driver },
  })
  const values: (string | null)[] = []
  for await (const { value } of topic.slice(0)) values.push(value && Buffer.from(value).toString('latin1'))
  return values
}

/** `snapstream topic a --json | snapstream topic b --produce --json` */
async function pipe(driver: Driver, args: readonly string[] = [], cwd = '/nowhere'): Promise<string> {
  const read = await run(['topic', 'a', '--json', ...args], { driver, cwd })
  const written = await run(['topic', 'b', '--produce', '--json', ...args], { driver, cwd, stdin: read.stdout })
  expect(written).toMatchObject({ code: 0, stderr: '' })
  return read.stdout
}

describe('values without a schema', () => {
  const VALUES = [
    '{"id":9007199254740993,"x":1e400,"img":{"base64":"aGk="}}',
    '{"a":1,"a":2,"b": [ 1.0, 1E2, -0 ]}',
    '{"__proto__":{"a":1}}',
    ' {"a":1}',
    '{\n  "a": 1\n}',
    '{"a":1}\r\n',
    '[1]',
    '"quoted"',
    '5',
    'null',
    'true',
    'text',
    '',
    null,
    '\uFEFF{"a":1}',
    String.raw`{"s":"\ud800 \u00e9"}`,
    '{"a":',
    Buffer.from([0xff, 0x00, 0x7b]),
    `${'['.repeat(5000)}${']'.repeat(5000)}`,
  ]

  test('go through a pipe byte for byte', async () => {
    const driver = await topicsOf(VALUES)
    await pipe(driver)
    expect(await valuesOf(driver, 'b')).toEqual(await valuesOf(driver, 'a'))
  })

  test('objects and arrays are embedded unchanged; all other values are texts', async () => {
    const { stdout } = await run(['topic', 'a', '--json'], { driver: await topicsOf(VALUES) })
    const lines = stdout.split('\n')
    expect(lines[0]).toContain('"value":{"id":9007199254740993,"x":1e400,"img":{"base64":"aGk="}},')
    expect(lines[6]).toContain('"value":[1],')
    expect(jsonLines(lines.slice(7, 14).join('\n')).map(({ value }) => value)).toEqual(VALUES.slice(7, 14))
  })

  test('any JSON goes through a pipe byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.json(), fc.string(), fc.uint8Array()), { maxLength: 20 }),
        async (values) => {
          const driver = await topicsOf(values)
          await pipe(driver)
          expect(await valuesOf(driver, 'b')).toEqual(await valuesOf(driver, 'a'))
        },
      ),
      { numRuns: 30 },
    )
  })

  test('columns are fields of the value, unchanged', async () => {
    const driver = await topicsOf(['{"id":9007199254740993,"x":1e400,"y":1}', '{"x":1,"x":{"a": 2}}'])
    const { stdout } = await run(['topic', 'a', '-c', 'id,x'], { driver })
    expect(stdout.split('\n').filter((line) => line.startsWith('{'))).toEqual([
      '{"id":9007199254740993,"x":1e400}',
      '{"x":1,"x":{"a": 2}}',
    ])
  })
})

describe('values with a schema', () => {
  const schema = {
    namespace: 'ns.of',
    ...recordSchema('R', {
      long: 'long',
      int: 'int',
      double: 'double',
      float: 'float',
      bytes: 'bytes',
      fixed: { type: 'fixed', name: 'F', size: 2 },
      maybeLong: ['null', 'string', 'long'],
      textOrDouble: ['string', 'double'],
      intOrDouble: ['int', 'double', 'boolean'],
      longOrDouble: ['long', 'double'],
      bytesOrMap: ['bytes', { type: 'map', values: ['string', 'bytes', 'double'] }],
      map: { type: 'map', values: 'string' },
      enumOrText: [{ type: 'enum', name: 'E', symbols: ['A', 'NaN'] }, 'null', 'boolean'],
      self: ['null', 'R', { type: 'array', items: 'ns.of.R' }],
      either: ['null', { type: 'record', name: 'S', fields: [{ name: 'string', type: 'string' }] }, 'F', 'string'],
      day: { type: 'int', logicalType: 'date' },
      at: ['null', { type: 'long', logicalType: 'timestamp-millis' }, 'string'],
      micros: { type: 'long', logicalType: 'timestamp-micros' },
      price: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 2 },
    }),
  }
  const codec = AvroCodec(schema, { long: 'bigint', wrapUnions: 'always' })

  const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  const double = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0, 2 ** 60, 5, 1e300))
  const oddText = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('NaN', 'Infinity', '7', '{"base64":"aGk="}'),
  )
  const bytes = fc.uint8Array({ maxLength: 5 }).map((content) => Buffer.from(content))
  const two = fc.uint8Array({ minLength: 2, maxLength: 2 }).map((content) => Buffer.from(content))
  const name = fc.oneof(oddText, fc.constantFrom('base64', 'string', '__proto__', 'bytes', 'map'))
  const mapOf = <T>(values: fc.Arbitrary<T>) =>
    fc.array(fc.tuple(name, values), { maxLength: 3 }).map(Object.fromEntries)
  const wrapped = (branch: string, content: fc.Arbitrary<unknown>) => content.map((value) => ({ [branch]: value }))
  const { record } = fc.letrec<{ record: unknown }>((tie) => ({
    record: fc.record({
      long,
      int: fc.integer(),
      double,
      float: fc.float(),
      bytes,
      fixed: two,
      maybeLong: fc.oneof(fc.constant(null), wrapped('string', oddText), wrapped('long', long)),
      textOrDouble: fc.oneof(wrapped('string', oddText), wrapped('double', double)),
      intOrDouble: fc.oneof(wrapped('int', fc.integer()), wrapped('double', double), wrapped('boolean', fc.boolean())),
      longOrDouble: fc.oneof(wrapped('long', long), wrapped('double', double)),
      bytesOrMap: fc.oneof(
        wrapped('bytes', bytes),
        wrapped('map', mapOf(fc.oneof(wrapped('string', oddText), wrapped('bytes', bytes), wrapped('double', double)))),
      ),
      map: mapOf(oddText),
      enumOrText: fc.oneof(
        wrapped('ns.of.E', fc.constantFrom('A', 'NaN')),
        fc.constant(null),
        wrapped('boolean', fc.boolean()),
      ),
      self: fc.oneof(
        { maxDepth: 2 },
        fc.constant(null),
        wrapped('ns.of.R', tie('record')),
        wrapped('array', fc.array(tie('record'), { maxLength: 2 })),
      ),
      either: fc.oneof(
        fc.constant(null),
        wrapped('ns.of.S', fc.record({ string: oddText })),
        wrapped('ns.of.F', two),
        wrapped('string', oddText),
      ),
      day: fc.integer({ min: -100_000_000, max: 100_000_000 }).map((days) => new Date(days * 86_400_000)),
      at: fc.oneof(fc.constant(null), wrapped('long', fc.date({ noInvalidDate: true })), wrapped('string', oddText)),
      micros: long,
      price: fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }).map((units) => `${units}.25`),
    }),
  }))

  test('go through a pipe byte for byte: longs, NaN, bytes, unions, dates, recursion', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'r.avsc'), JSON.stringify(schema))
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 10 }), async (values) => {
        Conf.reset()
        const driver = await topicsOf(values.map((value) => codec.encode(value)))
        await pipe(driver, ['-s', 'r.avsc'], folder.path)
        expect(await valuesOf(driver, 'b')).toEqual(await valuesOf(driver, 'a'))
      }),
      { numRuns: 60 },
    )
  })

  test('values that do not match the schema, and tombstones, go through a pipe as well', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 's.avsc'), '"string"')
    await writeFile(join(folder.path, 'n.avsc'), '["null","string"]')
    for (const file of ['s.avsc', 'n.avsc']) {
      Conf.reset()
      const driver = await topicsOf([
        '\u0000',
        '{"text":1}',
        'plain',
        Buffer.from([255]),
        null,
        Buffer.from([2, 2, 65]),
      ])
      await pipe(driver, ['-s', file], folder.path)
      expect(await valuesOf(driver, 'b')).toEqual(await valuesOf(driver, 'a'))
    }
  })

  test('a value of a union names its branch only if its JSON fits several branches', () => {
    const json = (branches: unknown, value: unknown) => {
      const both = avroJson(branches)
      const text = both.print(value)
      expect(both.parse(text)).toEqual(value)
      return text
    }
    expect(json(['null', 'string', 'long'], { long: 9007199254740993n })).toBe('9007199254740993')
    expect(json(['null', 'string', 'long'], { string: '9007199254740993' })).toBe('"9007199254740993"')
    expect(json(['string', 'double'], { double: NaN })).toBe('{"double":"NaN"}')
    expect(json(['string', 'double'], { double: 1.5 })).toBe('1.5')
    expect(json(['int', 'double'], { double: 5 })).toBe('{"double":5}')
    expect(json(['bytes', 'string'], { bytes: Buffer.from('hi') })).toBe('{"base64":"aGk="}')
    expect(json({ type: 'map', values: 'string' }, { base64: 'aGk=' })).toBe('{"base64":"aGk="}')
  })

  test.each([
    ['{"a":1e400}', 'is beyond the range of Avro'],
    ['{"a":1,"a":2}', "Duplicate key 'a'"],
    ['{"a":9223372036854775808}', 'a'],
    ['{"a":9007199254740993.0}', 'a'],
  ])('%s is refused by name', async (line, expected) => {
    await using folder = await temporaryFolder()
    await writeFile(
      join(folder.path, 'a.avsc'),
      JSON.stringify({ type: 'record', name: 'A', fields: [{ name: 'a', type: 'long' }] }),
    )
    const driver = await topicsOf([])
    const options = { driver, cwd: folder.path, stdin: `${line}\n` }
    const { code, stderr } = await run(['topic', 'b', '--produce', '-s', 'a.avsc'], options)
    expect(stderr).toContain('snapstream: line 1: ')
    expect(stderr).toContain(expected)
    expect(code).toBe(1)
  })
})

test('half of a surrogate pair is refused, not replaced', async () => {
  const driver = await topicsOf([])
  for (const line of [
    String.raw`{"value":"\ud800"}`,
    String.raw`{"value":"a","key":"\ud800"}`,
    String.raw`{"value":"a","headers":[["a","\ud800"]]}`,
  ])
    expect(await run(['topic', 'b', '--produce', '--json'], { driver, stdin: line })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('line 1: '),
    })
})
