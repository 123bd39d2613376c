import { randomUUID } from 'node:crypto'
import { SchemaRegistry } from '@snapstream/codecs/registry'
import type { RegistryCodec, SchemaReference, SubjectStrategy } from '@snapstream/codecs/registry'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pythonCodecs, type PythonCodecs } from './python-codecs.ts'

const url = process.env['SCHEMA_REGISTRY_URL'] ?? ''
const registry = SchemaRegistry({ url })
const PARTS = ['value', 'key'] as const
const SUBJECTS = ['TopicName', 'RecordName', 'TopicRecordName'] as const

interface Asked {
  readonly topic: string
  readonly part?: 'key' | 'value'
  readonly subject?: SubjectStrategy
  readonly schema?: object
  readonly references?: readonly SchemaReference[]
}

describe.each([
  {
    type: 'AVRO',
    make: registry.avro,
    schemaOf: (name: string, more: object[] = []) => ({
      type: 'record',
      name,
      namespace: 'org',
      fields: [
        { name: 'id', type: 'string' },
        { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }], default: null },
        { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
        ...more,
      ],
    }),
    nameOf: (name: string) => `org.${name}`,
    ours: { id: 'zwei 🏆', at: new Date(5), price: '-1.50' },
    theirs: { id: 'zwei 🏆', at: { $utc: 5000 }, price: { $decimal: '-1.50' } },
    added: { name: 'n', type: 'int', default: 7 },
  },
  {
    type: 'JSON',
    make: registry.json,
    schemaOf: (name: string) => ({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: name,
      type: 'object',
      required: ['id'],
      properties: { id: { type: 'string' }, list: { type: 'array', items: { type: 'number' } } },
    }),
    nameOf: (name: string) => name,
    ours: { id: 'zwei 🏆', list: [1, 0.5, null].filter((item) => item !== null) },
    theirs: { id: 'zwei 🏆', list: [1, 0.5] },
    added: undefined,
  },
])("$type of Confluent's serializers for Python", ({ type, make, schemaOf, nameOf, ours, theirs, added }) => {
  let python: PythonCodecs
  beforeAll(async () => {
    python = await pythonCodecs()
  })
  afterAll(() => python?.close())

  const newName = () => `N${randomUUID().replaceAll('-', '')}`
  const codecOf = (options: object): RegistryCodec<unknown> => make(options)
  const shared = ({ topic, part = 'value', subject = 'TopicName', schema, references = [] }: Asked) => ({
    registry: url,
    type,
    topic,
    part,
    subject,
    schema: schema ?? null,
    references,
  })
  const serialize = async (asked: Asked, value: unknown = theirs, register = true) =>
    Buffer.from(await python.ask<string>('serialize', { ...shared(asked), value, register }), 'base64')
  const deserialize = (asked: Asked, bytes: Uint8Array) =>
    python.ask('deserialize', { ...shared(asked), bytes: Buffer.from(bytes).toString('base64') })

  const places = PARTS.flatMap((part) => SUBJECTS.map((subject) => [part, subject] as const))
  test.each(places)('they write a %s under the subject by %s that Snapstream reads', async (part, subject) => {
    const [topic, name] = [newName(), newName()]
    const schema = schemaOf(name)
    const bytes = await serialize({ topic, part, subject, schema })
    expect(await codecOf({}).decode(bytes, { topic, part })).toEqual(ours)
    expect(await codecOf({ schema }).decode(bytes, { topic, part })).toEqual(ours)
    // Snapstream finds the schema under the same subject and writes the same magic byte and id.
    const written = await codecOf({ schema, subject }).encode(ours, { topic, part })
    expect(Buffer.from(written).subarray(0, 5)).toEqual(bytes.subarray(0, 5))
    const expected = {
      TopicName: `${topic}-${part}`,
      RecordName: nameOf(name),
      TopicRecordName: `${topic}-${nameOf(name)}`,
    }
    expect(await registry.versions(expected[subject])).toEqual([1])
  })

  test.each(places)('they read a %s that Snapstream writes under the subject by %s', async (part, subject) => {
    const [topic, schema] = [newName(), schemaOf(newName())]
    const bytes = await codecOf({ schema, subject, register: true }).encode(ours, { topic, part })
    expect(await deserialize({ topic, part, subject }, bytes)).toEqual(theirs)
    expect(await deserialize({ topic, part, subject, schema }, bytes)).toEqual(theirs)
    // The serializer finds the registered schema without registering it.
    const again = await serialize({ topic, part, subject, schema }, theirs, false)
    expect(again.subarray(0, 5)).toEqual(Buffer.from(bytes).subarray(0, 5))
  })

  test('both sides read the same value of another version of the schema', async () => {
    const [topic, name] = [newName(), newName()]
    const writer = schemaOf(name)
    const reader = added === undefined ? writer : schemaOf(name, [added])
    const more = added === undefined ? {} : { n: 7 }
    const written = await serialize({ topic, schema: writer })
    expect(await codecOf({ schema: reader }).decode(written)).toEqual({ ...ours, ...more })
    const bytes = await codecOf({ schema: writer }).encode(ours, { topic, part: 'value' })
    expect(await deserialize({ topic, schema: reader }, bytes)).toEqual({ ...theirs, ...more })
  })

  test('both sides read values of schemas with references', async () => {
    const [topic, subject, money] = [newName(), newName(), newName()]
    const [referred, schema, name] =
      type === 'AVRO'
        ? [
            { type: 'record', name: money, namespace: 'org', fields: [{ name: 'cents', type: 'int' }] },
            { type: 'record', name: newName(), namespace: 'org', fields: [{ name: 'price', type: `org.${money}` }] },
            `org.${money}`,
          ]
        : [
            { type: 'object', properties: { cents: { type: 'integer' } } },
            { title: newName(), type: 'object', properties: { price: { $ref: 'money.json' } } },
            'money.json',
          ]
    await registry.register(subject, { type: type as 'AVRO' | 'JSON', schema: referred })
    const references = [{ name, subject, version: 1 }]
    const value = { price: { cents: 5 } }
    const bytes = await codecOf({ schema, references, register: true }).encode(value, { topic, part: 'value' })
    expect(await deserialize({ topic }, bytes)).toEqual(value)
    const theirBytes = await serialize({ topic, schema, references }, value, false)
    expect(await codecOf({}).decode(theirBytes)).toEqual(value)
  })

  test('null is a tombstone without a schema', async () => {
    const [topic, schema] = [newName(), schemaOf(newName())]
    expect(await python.ask('serialize', { ...shared({ topic, schema }), value: null, register: true })).toBeNull()
  })
})
