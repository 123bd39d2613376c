import { inspect } from 'node:util'
import { SnapstreamError } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import { fakeRegistry } from '../fixtures/fake-registry.ts'
import { SchemaRegistry, type SchemaRegistryOptions } from './index.ts'

const schema = '{"type":"record","name":"R","fields":[{"name":"id","type":"string"}]}'
const record = Uint8Array.of(0, 0, 0, 0, 7, 2, 0x61)
const value = { topic: 'orders', part: 'value' } as const
const quick = { backoffMs: 1 }
const problemOf = async (run: () => unknown) => {
  try {
    await run()
  } catch (error) {
    if (SnapstreamError.is(error)) return error
    throw error
  }
  throw new Error('there was no problem')
}

describe('SchemaRegistry', () => {
  test('makes concurrent requests for a schema once, and never again', async () => {
    await using fake = await fakeRegistry(() => [200, { schema }])
    const registry = SchemaRegistry({ url: fake.url })
    const codec = registry.avro()
    const read = await Promise.all(Array.from({ length: 50 }, () => codec.decode(record)))
    expect(read).toEqual(Array.from({ length: 50 }, () => ({ id: 'a' })))
    expect(codec.decode(record)).toEqual({ id: 'a' })
    expect(await registry.avro().decode(record)).toEqual({ id: 'a' })
    expect(fake.requests.map(({ path }) => path)).toEqual(['/schemas/ids/7'])
  })

  test('registers once, under the subject of the topic', async () => {
    await using fake = await fakeRegistry(() => [200, { id: 7 }])
    const codec = SchemaRegistry({ url: `${fake.url}/` }).avro({ schema: JSON.parse(schema) as object, register: true })
    const written = await Promise.all([1, 2, 3].map(async () => codec.encode({ id: 'a' }, value)))
    expect(written.map((bytes) => new Uint8Array(bytes))).toEqual([record, record, record])
    expect(fake.requests).toMatchObject([{ method: 'POST', path: '/subjects/orders-value/versions', body: { schema } }])
  })

  test.each([
    ['hangs up', 'hang up'],
    ['is overloaded', [429, { error_code: 429, message: 'later' }]],
    ['fails', [500, { error_code: 50_001, message: 'the store' }]],
    ['is a gateway without a registry', [502, '<html>']],
  ] as const)('asks again where it %s', async (_, answer) => {
    await using fake = await fakeRegistry((_request, count) => (count < 3 ? answer : [200, { schema }]))
    expect(
      await SchemaRegistry({ url: fake.url, ...quick })
        .avro()
        .decode(record),
    ).toEqual({ id: 'a' })
    expect(fake.requests).toHaveLength(3)
  })

  test('asks the next of several addresses', async () => {
    await using dead = await fakeRegistry(() => 'hang up')
    await using fake = await fakeRegistry(() => [200, ['a']])
    const registry = SchemaRegistry({ url: [dead.url, fake.url], ...quick })
    expect([await registry.subjects(), await registry.subjects()]).toEqual([['a'], ['a']])
    expect([dead.requests.length, fake.requests.length]).toEqual([1, 2])
  })

  test('fails after its retries, and makes the request again for the next call', async () => {
    await using fake = await fakeRegistry((_, count) => (count <= 3 ? 'hang up' : [200, { schema }]))
    const codec = SchemaRegistry({ url: fake.url, ...quick, retries: 2 }).avro()
    const problem = await problemOf(() => codec.decode(record))
    expect(problem.code).toBe('REGISTRY_UNREACHABLE')
    expect(problem.message).toContain(`${fake.url} was asked for the schema with the id 7 and cannot be reached`)
    expect(await codec.decode(record)).toEqual({ id: 'a' })
    expect(fake.requests).toHaveLength(4)
  })

  test('has a time-out', async () => {
    await using fake = await fakeRegistry(() => new Promise(() => {}))
    const problem = await problemOf(() => SchemaRegistry({ url: fake.url, timeoutMs: 20, retries: 0 }).subjects())
    expect([problem.code, problem.message]).toEqual([
      'REGISTRY_UNREACHABLE',
      expect.stringContaining('no answer within 20 ms'),
    ])
  })

  test.each([
    [[401, { error_code: 401, message: 'who?' }], 'AUTHENTICATION_REFUSED', 'check the auth'],
    [[403, ''], 'AUTHENTICATION_REFUSED', 'status 403'],
    [[404, { error_code: 40_403, message: 'Schema not found' }], 'SCHEMA_MISSING', '40403: Schema not found'],
    [[404, 'not here'], 'REGISTRY_FAILED', 'is this the address of a registry?'],
    [[409, { error_code: 409, message: 'READER_FIELD_MISSING' }], 'SCHEMA_INCOMPATIBLE', 'READER_FIELD_MISSING'],
    [[422, { error_code: 42_201, message: 'Invalid' }], 'SCHEMA_REFUSED', 'check the schema'],
    [[418, { message: 'short' }], 'REGISTRY_FAILED', '418: short'],
    [[200, '<html>'], 'REGISTRY_FAILED', 'did not answer in JSON'],
    [[200, { id: 7 }], 'REGISTRY_FAILED', 'returned an unexpected answer'],
    [[503, 'null'], 'REGISTRY_UNREACHABLE', 'status 503'],
  ] as const)('says what %j means', async (answer, code, named) => {
    await using fake = await fakeRegistry(() => answer)
    const problem = await problemOf(() => SchemaRegistry({ url: fake.url, retries: 0 }).schemaById(7))
    expect([problem.code, problem.message]).toEqual([code, expect.stringContaining(named)])
    expect(problem.message).toContain('the schema with the id 7')
  })

  test('refuses schemas that refer to each other', async () => {
    const references = [{ name: 'R', subject: 'a', version: 1 }]
    await using fake = await fakeRegistry(() => [200, { id: 7, version: 1, schema, references }])
    const problem = await problemOf(() => SchemaRegistry({ url: fake.url }).avro().decode(record))
    expect([problem.code, problem.message]).toEqual(['SCHEMA_UNUSABLE', expect.stringContaining('refers to itself')])
  })
})

describe('the auth of SchemaRegistry', () => {
  const token = 'Basic dTpzM2NyZXQ='
  test.each([
    [{ auth: { basic: { username: 'u', password: 's3cret' } } }, 'u', token],
    [{ auth: { bearer: 's3cret' } }, undefined, 'Bearer s3cret'],
    [{ auth: { bearer: async () => 's3cret' } }, undefined, 'Bearer s3cret'],
    [{}, 'u:s3cret@', token],
    [{ headers: { authorization: 's3cret' } }, undefined, 's3cret'],
  ])('%j is sent, and never shown', async (options, inAddress, expected) => {
    await using fake = await fakeRegistry((_, count) => (count === 1 ? [200, []] : [401, {}]))
    const url = inAddress?.endsWith('@') ? fake.url.replace('://', `://${inAddress}`) : fake.url
    const registry = SchemaRegistry({ url, ...options })
    await registry.subjects()
    expect(fake.requests[0]?.headers.authorization).toBe(expected)
    const problem = await problemOf(() => registry.subjects())
    for (const shown of [inspect(problem, { depth: 9 }), inspect(registry, { depth: 9 }), JSON.stringify(registry)])
      expect(shown).not.toContain('s3cret')
  })

  test('asks for a token before each request', async () => {
    await using fake = await fakeRegistry(() => [200, []])
    let count = 0
    const registry = SchemaRegistry({ url: fake.url, auth: { bearer: () => `t${++count}` } })
    await registry.subjects()
    await registry.subjects()
    expect(fake.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer t1', 'Bearer t2'])
    const failing = SchemaRegistry({ url: fake.url, auth: { bearer: () => Promise.reject(new Error('no token')) } })
    expect(await problemOf(() => failing.subjects())).toMatchObject({ code: 'AUTHENTICATION_REFUSED' })
  })
})

describe('options', () => {
  test.each([
    [undefined, '{ url, ... }'],
    [{}, 'url of SchemaRegistry'],
    [{ url: 'localhost:8081' }, 'http://localhost:8081'],
    [{ url: [] }, 'or several'],
    [{ url: 'http://a', urls: [] }, '"urls"'],
    [{ url: 'http://a', auth: { basic: { username: 'u', password: 7 } } }, 'auth of SchemaRegistry'],
    [{ url: 'http://a', auth: { bearer: 's', basic: {} } }, 'auth of SchemaRegistry'],
    [{ url: 'http://a', timeoutMs: 0 }, 'from 1 to 2147483647, got 0'],
    [{ url: 'http://a', timeoutMs: 2 ** 31 }, 'from 1 to 2147483647, got 2147483648'],
    [{ url: 'http://a', maxRequests: 0.5 }, 'maxRequests'],
    [{ url: 'http://a', maxAnswerBytes: 0 }, 'maxAnswerBytes'],
    [{ url: 'http://a', maxReferences: -1 }, 'maxReferences'],
    [{ url: 'http://a', failureTtlMs: -1 }, 'failureTtlMs'],
    [{ url: 'http://a', retries: -1 }, '0 or more'],
    [{ url: 'http://a', headers: { a: 1 } }, 'headers'],
    [{ url: 'http://a', fetch: 1 }, 'fetch'],
  ])('SchemaRegistry(%j) is refused', async (options, named) => {
    const problem = await problemOf(() => SchemaRegistry(options as SchemaRegistryOptions))
    expect([problem.code, problem.message]).toEqual(['USAGE', expect.stringContaining(named)])
  })

  test.each([
    [{ schemas: {} }, '"schemas"'],
    [{ subject: 'orders' }, 'TopicName, RecordName'],
    [{ register: 'yes' }, 'true or false'],
    [{ register: true }, 'give the option schema'],
    [{ references: {} }, 'an array'],
    [{ unusableSchema: 'skip' }, "'source' or 'record'"],
    [{ maxBytes: 0 }, 'maxBytes'],
    [{ schema: { type: 'nope' } }, 'schema: '],
  ])('a codec with %j is refused', async (options, named) => {
    const registry = SchemaRegistry({ url: 'http://localhost' })
    for (const make of [registry.avro, registry.json]) {
      const problem = await problemOf(() => make(options as object))
      expect([problem.code, problem.message]).toEqual(['USAGE', expect.stringContaining(named)])
    }
  })

  test('a subject that cannot be determined is an error of the message', () => {
    const registry = SchemaRegistry({ url: 'http://localhost' })
    const refused = (named: string) =>
      expect.objectContaining({ code: 'ENCODE_FAILED', message: expect.stringContaining(named) as string }) as Error
    expect(() => registry.json().encode({})).toThrow(refused('needs a topic'))
    expect(() => registry.json({ subject: 'RecordName' }).encode({}, value)).toThrow(refused('a title'))
    expect(() => registry.json({ schema: {}, subject: 'TopicRecordName' }).encode({}, value)).toThrow(
      refused('a title'),
    )
  })

  test.each([[[]], [[0, 0, 0, 1]], [[1, 0, 0, 0, 1, 2]], [[123, 125, 32, 32, 32]]])(
    'the bytes %j have no id, and are refused at once',
    (bytes) => {
      const codec = SchemaRegistry({ url: 'http://localhost' }).avro()
      expect(() => codec.decode(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }))
    },
  )
})
