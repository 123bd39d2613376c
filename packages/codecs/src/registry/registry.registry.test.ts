import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { recordSchema } from '../fixtures/record-schema.ts'
import { SchemaRegistry, type RegistryCodec } from './index.ts'

const url = process.env['SCHEMA_REGISTRY_URL'] ?? ''
const registry = SchemaRegistry({ url })
const newTopic = () => `t-${randomUUID()}`
const valueOf = (topic: string) => ({ topic, part: 'value' }) as const
const keyOf = (topic: string) => ({ topic, part: 'key' }) as const
const order = (more: object[] = [], name = 'Order') => ({
  type: 'record',
  name,
  namespace: 'org',
  fields: [{ name: 'id', type: 'string' }, ...more],
})
const amount = { name: 'amount', type: 'int', default: 7 }
const jsonOrder = { title: 'Order', type: 'object', required: ['id'], properties: { id: { type: 'string' } } }
const isPromise = (value: unknown) => value instanceof Promise
const encode = async (codec: RegistryCodec<unknown>, value: unknown, topic: string) =>
  new Uint8Array(await codec.encode(value, valueOf(topic)))
const setCompatibility = async (subject: string, compatibility: string) => {
  const answer = await fetch(`${url}/config/${subject}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility }),
  })
  expect(answer.status).toBe(200)
}

describe.each([
  ['avro', () => registry.avro({ schema: order(), register: true }), () => registry.avro()],
  ['json', () => registry.json({ schema: jsonOrder, register: true }), () => registry.json()],
] as const)('a codec of %s', (_, writing, reading) => {
  test('writes the id of the schema, and is synchronous once it has the schema', async () => {
    const topic = newTopic()
    const writer = writing()
    const context = valueOf(topic)
    const first = writer.encode({ id: 'a' }, context)
    expect(isPromise(first)).toBe(true)
    const bytes = await first
    const { id, version } = await registry.version(`${topic}-value`, 'latest')
    expect([bytes[0], new DataView(bytes.buffer, bytes.byteOffset).getUint32(1), version]).toEqual([0, id, 1])
    expect(writer.encode({ id: 'a' }, context)).toEqual(bytes)
    expect(writer.encode({ id: 'a' }, valueOf(topic))).toEqual(bytes)

    const reader = reading()
    const read = reader.decode(bytes)
    expect(isPromise(read)).toBe(true)
    expect(await read).toEqual({ id: 'a' })
    expect(reader.decode(bytes)).toEqual({ id: 'a' })
  })

  test('writes by the latest schema of the subject if it has none itself', async () => {
    const topic = newTopic()
    const bytes = await encode(writing(), { id: 'a' }, topic)
    expect(await encode(reading(), { id: 'a' }, topic)).toEqual(bytes)
    await expect(encode(reading(), { id: 1 }, topic)).rejects.toMatchObject({ code: 'ENCODE_FAILED' })
  })

  test('is synchronous from the start after prepare', async () => {
    const topic = newTopic()
    const bytes = await encode(writing(), { id: 'a' }, topic)
    const prepared = reading()
    await prepared.prepare(valueOf(topic))
    expect(prepared.encode({ id: 'a' }, valueOf(topic))).toEqual(Buffer.from(bytes))
    expect(prepared.decode(bytes)).toEqual({ id: 'a' })
  })

  test('keeps keys and values apart', async () => {
    const topic = newTopic()
    const codec = writing()
    await codec.encode({ id: 'a' }, valueOf(topic))
    await codec.encode({ id: 'a' }, keyOf(topic))
    expect(await registry.subjects()).toEqual(expect.arrayContaining([`${topic}-value`, `${topic}-key`]))
  })

  test('fails with SCHEMA_MISSING for a subject that does not exist', async () => {
    const topic = newTopic()
    await expect(reading().prepare(valueOf(topic))).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
    await expect(encode(reading(), { id: 'a' }, topic)).rejects.toMatchObject({
      code: 'SCHEMA_MISSING',
      message: expect.stringContaining(`${topic}-value`) as string,
    })
  })
})

describe('registering', () => {
  test('needs the option register', async () => {
    const topic = newTopic()
    await expect(encode(registry.avro({ schema: order() }), { id: 'a' }, topic)).rejects.toMatchObject({
      code: 'SCHEMA_MISSING',
      message: expect.stringContaining('register: true') as string,
    })
    await registry.register(`${topic}-value`, { schema: order() })
    expect(await encode(registry.avro({ schema: order() }), { id: 'a' }, topic)).toHaveLength(7)
    const other = registry.avro({ schema: order([amount]) })
    await expect(encode(other, { id: 'a', amount: 1 }, topic)).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
  })

  test('gives the same schema the same id', async () => {
    const subject = newTopic()
    const id = await registry.register(subject, { schema: order() })
    expect(await registry.register(subject, { schema: JSON.stringify(order(), undefined, 2) })).toBe(id)
    expect(await registry.idOf(subject, { schema: order() })).toBe(id)
    expect(await registry.versions(subject)).toEqual([1])
    expect(await registry.schemaById(id)).toMatchObject({ id, type: 'AVRO', references: [] })
  })

  test('fails with SCHEMA_INCOMPATIBLE by the rule of the subject', async () => {
    const topic = newTopic()
    await encode(registry.avro({ schema: order(), register: true }), { id: 'a' }, topic)
    await setCompatibility(`${topic}-value`, 'BACKWARD')
    const schema = order([{ name: 'amount', type: 'int' }])
    await expect(
      encode(registry.avro({ schema, register: true }), { id: 'a', amount: 1 }, topic),
    ).rejects.toMatchObject({
      code: 'SCHEMA_INCOMPATIBLE',
      message: expect.stringContaining(`${topic}-value`) as string,
    })
  })

  test('fails with SCHEMA_REFUSED for an invalid schema', async () => {
    const broken = { schema: '{"type":"nope"}' }
    await expect(registry.register(newTopic(), broken)).rejects.toMatchObject({ code: 'SCHEMA_REFUSED' })
  })
})

describe('reading', () => {
  test('reads as the given schema, whatever the record was written with', async () => {
    const topic = newTopic()
    const old = await encode(registry.avro({ schema: order(), register: true }), { id: 'a' }, topic)
    const current = registry.avro({ schema: order([amount]), register: true })
    const young = await encode(current, { id: 'b', amount: 1 }, topic)
    expect(await registry.versions(`${topic}-value`)).toEqual([1, 2])
    const read = (codec: RegistryCodec<unknown>) => Promise.all([codec.decode(old), codec.decode(young)])
    expect(await read(current)).toEqual([
      { id: 'a', amount: 7 },
      { id: 'b', amount: 1 },
    ])
    expect(await read(registry.avro({ schema: order() }))).toEqual([{ id: 'a' }, { id: 'b' }])
    expect(await read(registry.avro())).toEqual([{ id: 'a' }, { id: 'b', amount: 1 }])
  })

  test.each([
    ['source', 'SCHEMA_UNUSABLE'],
    ['record', 'DECODE_FAILED'],
  ] as const)('says that a schema cannot be read so, as an error of the %s', async (unusableSchema, code) => {
    const topic = newTopic()
    const bytes = await encode(registry.avro({ schema: order(), register: true }), { id: 'a' }, topic)
    const strict = registry.avro({ schema: order([{ name: 'amount', type: 'int' }]), unusableSchema })
    await expect(strict.decode(bytes)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('org.Order.amount') as string,
    })
    await expect(registry.json({ unusableSchema }).decode(bytes)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('AVRO') as string,
    })
  })

  test('fails with SCHEMA_MISSING for an id that does not exist, each time', async () => {
    const codec = registry.avro()
    const bytes = Uint8Array.of(0, 0x7f, 0xff, 0xff, 0xff, 2, 0x61)
    for (const _ of [1, 2])
      await expect(codec.decode(bytes)).rejects.toMatchObject({
        code: 'SCHEMA_MISSING',
        message: expect.stringContaining('2147483647') as string,
      })
  })

  test('validates JSON by the schema that it was written with', async () => {
    const topic = newTopic()
    const bytes = await encode(registry.json({ schema: jsonOrder, register: true }), { id: 'a' }, topic)
    const wrong = Buffer.concat([bytes.subarray(0, 5), Buffer.from('{"id":1}')])
    await expect(registry.json().decode(wrong)).rejects.toMatchObject({
      code: 'DECODE_FAILED',
      message: expect.stringContaining('$.id must be string, got 1') as string,
    })
  })
})

describe('schemas of others', () => {
  const register = async (type: 'AVRO' | 'JSON', schema: unknown, body: string | readonly number[]) => {
    const id = await registry.register(newTopic(), { type, schema: schema as object })
    const bytes = typeof body === 'string' ? Buffer.from(body) : Uint8Array.from(body)
    return Uint8Array.from([0, id >>> 24, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff, ...bytes])
  }

  test.each([
    ['draft-04', { $schema: 'http://json-schema.org/draft-04/schema#', title: 'T04', type: 'object' }],
    ['draft-06', { $schema: 'http://json-schema.org/draft-06/schema#', title: 'T06', type: 'object' }],
    ['draft-07 by https', { $schema: 'https://json-schema.org/draft-07/schema#', title: 'T07', type: 'object' }],
    [
      'a list of items',
      { title: 'L', type: 'object', properties: { a: { type: 'array', items: [{ type: 'string' }] } } },
    ],
  ])('of JSON are read: %s', async (_, schema) => {
    expect(await registry.json().decode(await register('JSON', schema, '{"a":["x"]}'))).toEqual({ a: ['x'] })
  })

  test('of Avro are read, of another namespace and with a default of the second branch', async () => {
    const theirs = {
      type: 'record',
      name: 'R',
      namespace: 'theirs',
      fields: [{ name: 'note', type: ['null', 'string'], default: null }],
    }
    const mine = { ...theirs, namespace: 'mine', fields: [{ ...theirs.fields[0], default: '' }] }
    const bytes = await register('AVRO', theirs, [2, 2, 0x61])
    for (const codec of [registry.avro(), registry.avro({ schema: mine })])
      expect(await codec.decode(bytes)).toEqual({ note: 'a' })
  })
})

describe('subjects', () => {
  test.each([
    ['TopicName', (topic: string) => `${topic}-value`],
    ['RecordName', (_: string, record: string) => record],
    ['TopicRecordName', (topic: string, record: string) => `${topic}-${record}`],
  ] as const)('by %s', async (subject, name) => {
    const topic = newTopic()
    const record = `R${randomUUID().replaceAll('-', '')}`
    const codec = registry.avro({ schema: order([], record), subject, register: true })
    await encode(codec, { id: 'a' }, topic)
    expect(await registry.versions(name(topic, `org.${record}`))).toEqual([1])
    const schema = { ...jsonOrder, title: record }
    const topic2 = newTopic()
    await encode(registry.json({ schema, subject, register: true }), { id: 'a' }, topic2)
    expect(await registry.versions(name(topic2, record))).toEqual([1])
  })

  test('can be named by a function, also without a topic', async () => {
    const name = newTopic()
    const codec = registry.avro({ schema: order(), subject: () => name, register: true })
    expect(await codec.encode({ id: 'a' })).toHaveLength(7)
    expect(await registry.versions(name)).toEqual([1])
  })
})

describe('references', () => {
  test('of Avro, to named types and those that they use', async () => {
    const [kinds, moneys, topic] = [newTopic(), newTopic(), newTopic()]
    await registry.register(kinds, { schema: { type: 'enum', name: 'Kind', namespace: 'org', symbols: ['A', 'B'] } })
    const kind = { name: 'org.Kind', subject: kinds, version: 1 }
    const money = { namespace: 'org', ...recordSchema('Money', { cents: 'int', kind: 'org.Kind' }) }
    await registry.register(moneys, { schema: money, references: [kind] })
    const references = [kind, { name: 'org.Money', subject: moneys, version: 1 }]
    const schema = order([
      { name: 'price', type: 'org.Money' },
      { name: 'kind', type: 'Kind' },
    ])
    const codec = registry.avro({ schema, references, register: true })
    const value = { id: 'a', price: { cents: 5, kind: 'B' }, kind: 'A' }
    const bytes = await encode(codec, value, topic)
    for (const reader of [codec, registry.avro(), registry.avro({ schema, references })])
      expect(await reader.decode(bytes)).toEqual(value)
  })

  test('of JSON, by $ref', async () => {
    const [subject, topic] = [newTopic(), newTopic()]
    // Apicurio does not see by less that it is a schema.
    const cents = { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'integer', minimum: 0 }
    await registry.register(subject, { type: 'JSON', schema: cents })
    const schema = { type: 'object', properties: { cents: { $ref: 'cents.json' } } }
    const codec = registry.json({ schema, references: [{ name: 'cents.json', subject, version: 1 }], register: true })
    const bytes = await encode(codec, { cents: 5 }, topic)
    expect(await registry.json().decode(bytes)).toEqual({ cents: 5 })
    await expect(encode(codec, { cents: -5 }, topic)).rejects.toMatchObject({ code: 'ENCODE_FAILED' })
    await expect(encode(registry.json(), { cents: -5 }, topic)).rejects.toMatchObject({ code: 'ENCODE_FAILED' })
  })
})
