import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { SnapstreamError } from '@snapstream/core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { fakeRegistry, type FakeAnswer, type FakeRequest } from '../fixtures/fake-registry.ts'
import { SchemaRegistry, type SchemaRegistryOptions } from './index.ts'

const schema = '{"type":"record","name":"R","fields":[{"name":"id","type":"string"}]}'
const record = (id = 7) => Uint8Array.of(0, 0, 0, id >> 8, id & 0xff, 2, 0x61)
const place = { topic: 'orders', part: 'value' } as const
const nested = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`
const quick: Partial<SchemaRegistryOptions> = { retries: 0, backoffMs: 1 }

async function problemOf(run: () => unknown): Promise<SnapstreamError> {
  try {
    await run()
  } catch (error) {
    if (SnapstreamError.is(error)) return error
    throw new Error(`this has no code: ${String(error).slice(0, 500)}`, { cause: error })
  }
  throw new Error('there was no problem')
}

const redirect = (location: string | undefined, status = 302): FakeAnswer => {
  const headers = location === undefined ? {} : { location }
  return (response) => void response.writeHead(status, headers).end()
}
const gzipped = (bytes: Uint8Array): FakeAnswer => {
  return (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes)
}
const raw = (text: string): FakeAnswer => {
  return (response) => void response.socket?.end(text)
}
/** Goes on for ever. */
const endless: FakeAnswer = (response: ServerResponse) => {
  response.writeHead(200)
  const chunk = Buffer.alloc(64 * 1024, ' ')
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', write)
  write()
}
const dripping: FakeAnswer = (response: ServerResponse) => {
  response.writeHead(200)
  const timer = setInterval(() => response.write(' '), 10)
  response.once('close', () => clearInterval(timer))
}
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))

const reference = (subject: string, version: unknown = 1) => ({ name: subject, subject, version })

type Behaviour = (request: FakeRequest, count: number) => FakeAnswer | Promise<FakeAnswer>
const always =
  (answer: FakeAnswer): Behaviour =>
  () =>
    answer

/** What a registry does when it is asked for the schema of a record, and what comes of it. */
const READING: readonly (readonly [
  string,
  Exclude<FakeAnswer, (response: ServerResponse) => void> | Behaviour,
  string,
  RegExp,
])[] = [
  ['redirects to itself', always(redirect('/schemas/ids/7')), 'REGISTRY_FAILED', /more than 5 redirects/],
  ['redirects on and on', (_, count) => redirect(`/${count}`), 'REGISTRY_FAILED', /more than 5 redirects/],
  ['redirects nowhere', always(redirect(undefined)), 'REGISTRY_FAILED', /no HTTP address/],
  ['redirects to a file', always(redirect('file:///etc/passwd')), 'REGISTRY_FAILED', /no HTTP address/],
  ['redirects to data', always(redirect('data:application/json,{"schema":"x"}')), 'REGISTRY_FAILED', /no HTTP address/],
  ['redirects to no address', always(redirect('http://')), 'REGISTRY_FAILED', /no HTTP address/],
  [
    'redirects to an address of 10 kB',
    always(redirect(`http://127.0.0.1:1/${'x'.repeat(10_000)}`)),
    'REGISTRY_UNREACHABLE',
    /cannot be reached/,
  ],
  [
    'answers with 64 MB in 64 kB of gzip',
    always(gzipped(bomb)),
    'REGISTRY_FAILED',
    /more than 2000000 bytes, the limit by maxAnswerBytes/,
  ],
  [
    'fails with 64 MB in 64 kB of gzip',
    () => (response) => void response.writeHead(500, { 'content-encoding': 'gzip' }).end(bomb),
    'REGISTRY_FAILED',
    /maxAnswerBytes/,
  ],
  ['answers for ever', always(endless), 'REGISTRY_FAILED', /maxAnswerBytes/],
  ['answers a byte at a time, for ever', always(dripping), 'REGISTRY_UNREACHABLE', /no answer within 300 ms/],
  ['does not answer', () => new Promise(() => {}), 'REGISTRY_UNREACHABLE', /no answer within 300 ms/],
  ['hangs up', always('hang up'), 'REGISTRY_UNREACHABLE', /cannot be reached/],
  [
    'hangs up halfway',
    () => (response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('{')
      setImmediate(() => response.destroy())
    },
    'REGISTRY_UNREACHABLE',
    /cannot be reached/,
  ],
  [
    'answers with broken gzip',
    always(gzipped(Buffer.from('{"schema":"int"}'))),
    'REGISTRY_UNREACHABLE',
    /cannot be reached/,
  ],
  ['does not speak HTTP', always(raw('\u0000\u0001\u0002 what?\r\n\r\n')), 'REGISTRY_UNREACHABLE', /cannot be reached/],
  [
    'answers with a header of 1 MB',
    always(raw(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(1_000_000)}\r\n\r\n`)),
    'REGISTRY_UNREACHABLE',
    /cannot be reached/,
  ],
  [
    'answers with nothing',
    () => (response) => void response.writeHead(204).end(),
    'REGISTRY_FAILED',
    /did not answer in JSON/,
  ],
  ['answers with null', [200, 'null'], 'REGISTRY_FAILED', /returned an unexpected answer/],
  ['answers with a list', [200, []], 'REGISTRY_FAILED', /returned an unexpected answer/],
  ['answers with a number', [200, 5], 'REGISTRY_FAILED', /returned an unexpected answer/],
  [
    'answers with a schema that is no text',
    [200, { schema: { type: 'int' } }],
    'REGISTRY_FAILED',
    /returned an unexpected answer/,
  ],
  [
    'answers with a type that is no text',
    [200, { schema, schemaType: 5 }],
    'REGISTRY_FAILED',
    /returned an unexpected answer/,
  ],
  [
    'answers with a type of 800 kB',
    [200, { schema, schemaType: 'x'.repeat(800_000) }],
    'SCHEMA_UNUSABLE',
    /is one of "x/,
  ],
  [
    'answers with references that are no list',
    [200, { schema, references: 5 }],
    'REGISTRY_FAILED',
    /unexpected answer/,
  ],
  [
    'answers with references that are none',
    [200, { schema, references: [null] }],
    'REGISTRY_FAILED',
    /unexpected answer/,
  ],
  [
    'answers with a reference to a path',
    [200, { schema, references: [reference('a', '1/../../../admin')] }],
    'REGISTRY_FAILED',
    /unexpected answer/,
  ],
  ['answers with JSON that is nested 200,000 times', [200, nested], 'REGISTRY_FAILED', /unexpected answer/],
  ['answers with half a character', [200, '"\ud800"'], 'REGISTRY_FAILED', /unexpected answer/],
  ['has a schema that is not JSON', [200, { schema: '{' }], 'SCHEMA_UNUSABLE', /not JSON/],
  ['has a schema that is none', [200, { schema: '{"type":"recrod"}' }], 'SCHEMA_UNUSABLE', /id 7 cannot be used/],
  [
    'has a schema of more than 1 MB',
    [200, { schema: nested }],
    'SCHEMA_UNUSABLE',
    /has 1200001 characters, more than 1048576/,
  ],
  [
    'has a schema that is nested 20,000 times',
    [200, { schema: `${'['.repeat(20_000)}"int"${']'.repeat(20_000)}` }],
    'SCHEMA_UNUSABLE',
    /cannot be used/,
  ],
  [
    'has a schema of another kind',
    [200, { schema: 'message M {}', schemaType: 'PROTOBUF' }],
    'SCHEMA_UNUSABLE',
    /"PROTOBUF"/,
  ],
  [
    'fails with a text of 800 kB',
    [422, { error_code: 42_201, message: 'x'.repeat(800_000) }],
    'SCHEMA_REFUSED',
    /x… \(800000 characters\)/,
  ],
  ['fails with a page of 800 kB', [418, 'x'.repeat(800_000)], 'REGISTRY_FAILED', /418/],
  ['fails with a message that is none', [404, { error_code: 'x', message: { toString: 1 } }], 'REGISTRY_FAILED', /404/],
  [
    'has references without an end',
    ({ path }) => [
      200,
      { id: 1, version: 1, schema, references: [reference(`${path.split('/')[2] ?? ''}x`.slice(-40))] },
    ],
    'SCHEMA_UNUSABLE',
    /more than 32 references deep/,
  ],
  [
    'has a thousand references',
    ({ path }) => [
      200,
      {
        id: 1,
        version: 1,
        schema,
        references: path.startsWith('/schemas') ? Array.from({ length: 1000 }, (_, i) => reference(`s${i}`)) : [],
      },
    ],
    'SCHEMA_UNUSABLE',
    /more than 256 others, the limit by maxReferences/,
  ],
]

describe('a registry that', () => {
  afterEach(() => vi.restoreAllMocks())

  test.each(READING)(
    '%s: fails with a named error in little time, and leaves no connection open',
    async (_, behaviour, code, named) => {
      await using fake = await fakeRegistry(typeof behaviour === 'function' ? behaviour : always(behaviour))
      // Only where it is what ends the request, is it short.
      const timeoutMs = named.source.includes('no answer') ? 300 : 30_000
      const registry = SchemaRegistry({ url: fake.url, ...quick, timeoutMs, maxAnswerBytes: 2_000_000 })
      const problem = await problemOf(() => registry.avro().decode(record()))
      expect([problem.code, problem.message]).toEqual([code, expect.stringMatching(named)])
      expect(problem.message.length).toBeLessThanOrEqual(2000)
      expect(fake.requests.length).toBeLessThan(300)
      await vi.waitFor(() => expect(fake.open()).toBe(0))
    },
  )

  test.each([
    ['an id that is negative', { id: -1, version: 1, schema }],
    ['an id that is too large', { id: 2 ** 32, version: 1, schema }],
    ['an id that is a text', { id: '1', version: 1, schema }],
    ['no version', { id: 1, schema }],
    ['nothing', null],
  ])('answers a writer with %s', async (_, answer) => {
    await using fake = await fakeRegistry(() => [200, answer])
    const registry = SchemaRegistry({ url: fake.url, ...quick })
    expect(await problemOf(() => registry.avro().encode({ id: 'a' }, place))).toMatchObject({ code: 'REGISTRY_FAILED' })
    const own = registry.avro({ schema: JSON.parse(schema) as object, register: true })
    const written = await Promise.resolve(own.encode({ id: 'a' }, place)).catch((error: unknown) => error)
    const refused = expect.objectContaining({ code: 'REGISTRY_FAILED' }) as unknown
    expect(written).toEqual(answer?.id === 1 ? Buffer.from(record(1)) : refused)
  })

  test.each([[null], [5], [{}], [[null]], [['1']], [[1.5]]])('lists %j as subjects or versions', async (answer) => {
    await using fake = await fakeRegistry(() => [200, answer])
    const registry = SchemaRegistry({ url: fake.url, ...quick })
    expect(await problemOf(() => registry.versions('a'))).toMatchObject({ code: 'REGISTRY_FAILED' })
    const refused = expect.objectContaining({ code: 'REGISTRY_FAILED' }) as unknown
    const subjects = await registry.subjects().catch((error: unknown) => error)
    expect(subjects).toEqual(JSON.stringify(answer) === '["1"]' ? ['1'] : refused)
  })
})

describe('redirects', () => {
  const secret = {
    headers: { 'x-api-key': 's3cret', cookie: 's3cret' },
    auth: { basic: { username: 'u', password: 's3cret' } },
  }

  test('are followed to another host without headers and login, and on the same host with them', async () => {
    await using other = await fakeRegistry(() => [200, { schema }])
    await using fake = await fakeRegistry(({ path }) =>
      path.startsWith('/moved') ? redirect(`${other.url}/there`, 307) : redirect('/moved', 301),
    )
    const registry = SchemaRegistry({ url: fake.url, ...quick, ...secret })
    expect(await registry.schemaById(7)).toMatchObject({ schema })
    expect(fake.requests.map(({ path, headers }) => [path, headers['x-api-key']])).toEqual([
      ['/schemas/ids/7', 's3cret'],
      ['/moved', 's3cret'],
    ])
    expect(JSON.stringify(other.requests[0]?.headers)).not.toMatch(/s3cret|dTpzM2NyZXQ/)
    expect(other.requests[0]?.headers.accept).toContain('schemaregistry')
  })

  test('of a registration are followed on the same host if they keep the body', async () => {
    await using other = await fakeRegistry(() => [200, { id: 1 }])
    await using fake = await fakeRegistry(({ path }, count) =>
      path.endsWith('/there')
        ? [200, { id: 9 }]
        : count === 1
          ? redirect('/there', 308)
          : redirect(count === 3 ? '/there' : other.url, count === 3 ? 301 : 307),
    )
    const registry = SchemaRegistry({ url: fake.url, ...quick, ...secret })
    expect(await registry.register('a', { schema })).toBe(9)
    expect(fake.requests.map(({ body }) => body)).toEqual([{ schema }, { schema }])
    for (const where of ['/there', other.url])
      expect(await problemOf(() => registry.register('a', { schema }))).toMatchObject({
        code: 'REGISTRY_FAILED',
        message: expect.stringMatching(new RegExp(`redirects to "[^"]*${where}.*not sent there`)) as string,
      })
    expect(other.requests).toHaveLength(0)
  })
})

describe('many requests', () => {
  test('for many bad ids are limited in number, and made once each', async () => {
    let now = 0
    let most = 0
    await using fake = await fakeRegistry(async () => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setTimeout(resolve, 2))
      now--
      return [404, { error_code: 40_403, message: 'Schema not found' }]
    })
    const codec = SchemaRegistry({ url: fake.url, maxRequests: 5, failureTtlMs: 60_000 }).avro()
    const read = () => Promise.allSettled(Array.from({ length: 600 }, async (_, i) => codec.decode(record(i % 200))))
    for (const settled of [...(await read()), ...(await read())])
      expect(settled).toMatchObject({ status: 'rejected', reason: { code: 'SCHEMA_MISSING' } })
    expect([fake.requests.length, most]).toEqual([200, 5])
  })

  test('a missing schema is remembered for a while, an unreachable registry is not', async () => {
    let there = false
    await using fake = await fakeRegistry(() =>
      there ? [200, { schema }] : [404, { error_code: 40_403, message: '' }],
    )
    const codec = SchemaRegistry({ url: fake.url, failureTtlMs: 50 }).avro()
    expect(await problemOf(() => codec.decode(record()))).toMatchObject({ code: 'SCHEMA_MISSING' })
    there = true
    expect(await problemOf(() => codec.decode(record()))).toMatchObject({ code: 'SCHEMA_MISSING' })
    await vi.waitFor(async () => expect(await codec.decode(record())).toEqual({ id: 'a' }))
    expect(fake.requests).toHaveLength(2)
  })

  test('an unusable schema fails the source, or each of its records', async () => {
    await using fake = await fakeRegistry(() => [200, { schema: '{"type":"recrod"}' }])
    const registry = SchemaRegistry({ url: fake.url })
    expect(await problemOf(() => registry.avro().decode(record()))).toMatchObject({ code: 'SCHEMA_UNUSABLE' })
    expect(await problemOf(() => registry.json().decode(record()))).toMatchObject({ code: 'SCHEMA_UNUSABLE' })
    const lenient = registry.avro({ unusableSchema: 'record' })
    expect(await problemOf(() => lenient.decode(record()))).toMatchObject({ code: 'DECODE_FAILED' })
    const mine = { type: 'record', name: 'Mine', fields: [] }
    await using good = await fakeRegistry(() => [200, { schema }])
    expect(
      await problemOf(() => SchemaRegistry({ url: good.url }).avro({ schema: mine }).decode(record())),
    ).toMatchObject({
      code: 'SCHEMA_UNUSABLE',
      message: expect.stringContaining('the names differ') as string,
    })
  })
})

describe('logging in', () => {
  test.each([
    ['%', '%'],
    ['100%25', '100%'],
    ['%C3%A4%', 'ä%'],
    ['%ff', '%ff'],
    ['a%zz', 'a%zz'],
  ])('the password %s in an address is %s', async (inAddress, password) => {
    await using fake = await fakeRegistry(() => [200, []])
    await SchemaRegistry({ url: fake.url.replace('://', `://u:${inAddress}@`) }).subjects()
    expect(fake.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from(`u:${password}`).toString('base64')}`)
  })

  test.each([
    [{ headers: { 'x-key': 's3\ncret' } }],
    [{ headers: { 'x key': 's3cret' } }],
    [{ headers: { 'x-key': 's3crät🏆' } }],
    [{ auth: { bearer: 's3\r\ncret' } }],
  ])('what HTTP does not allow in a header is refused without being shown: %#', async (options) => {
    const problem = await problemOf(() => SchemaRegistry({ url: 'http://localhost', ...options }))
    expect(problem.code).toBe('USAGE')
    expect(problem.message).not.toMatch(/s3|cret/)
  })

  test.each([[() => 's3\ncret'], [() => undefined], [() => ''], [() => Promise.resolve({})]])(
    'a token that is none is refused without being shown: %#',
    async (bearer) => {
      await using fake = await fakeRegistry(() => [200, []])
      const registry = SchemaRegistry({ url: fake.url, ...quick, auth: { bearer: bearer as () => string } })
      const problem = await problemOf(() => registry.subjects())
      expect(problem.code).toBe('AUTHENTICATION_REFUSED')
      expect(problem.message).not.toMatch(/s3|cret/)
      expect(fake.requests).toHaveLength(0)
    },
  )

  test('a token that never arrives, or a fetch that ignores its signal, ends with the time-out', async () => {
    for (const options of [
      { auth: { bearer: () => new Promise<string>(() => {}) } },
      { fetch: () => new Promise<Response>(() => {}) },
    ])
      expect(
        await problemOf(() =>
          SchemaRegistry({ url: 'http://localhost:1', ...quick, timeoutMs: 20, ...options }).subjects(),
        ),
      ).toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        message: expect.stringContaining('no answer within 20 ms') as string,
      })
  })

  test('a subject may be any text, and a function that returns none is named', async () => {
    await using fake = await fakeRegistry(() => [200, []])
    const registry = SchemaRegistry({ url: fake.url, ...quick })
    expect(await registry.versions('a/b\ud800')).toEqual([])
    for (const subject of [
      () => 5,
      () => {
        throw new Error('lost')
      },
      () => '',
    ])
      expect(
        await problemOf(() => registry.avro({ subject: subject as () => string }).encode({}, place)),
      ).toMatchObject({ code: 'ENCODE_FAILED' })
  })
})
