import { SnapstreamError } from '@snapstream/core'
import { SchemaRegistry } from '@snapstream/codecs/registry'
import type { Target } from '../target.ts'

const STATUSES = [200, 200, 200, 301, 302, 307, 401, 404, 409, 422, 429, 500, 204, 418]
const MOST_REQUESTS = 400
const END = '\n\n'

const avroSchema = { type: 'record', name: 'R', fields: [{ name: 'id', type: 'string' }] }
const reference = { name: 'other', subject: 'other \ud800', version: 1 }
const answers: readonly (readonly [status: number, body: unknown])[][] = [
  [[200, { schema: JSON.stringify(avroSchema) }]],
  [[200, { id: 7, version: 1, schema: '{"type":"object"}', schemaType: 'JSON', references: [reference] }]],
  [
    [200, { schema: '["null","other"]', references: [{ ...reference, subject: 'a/b' }] }],
    [200, { id: 8, version: 1, schema: JSON.stringify({ ...avroSchema, name: 'other' }), references: null }],
  ],
  [[404, { error_code: 40_403, message: 'Schema not found' }]],
  [
    [302, 'http://elsewhere/x'],
    [200, { schema: '"string"' }],
  ],
  [
    [500, '<html>'],
    [429, ''],
    [200, [1, 2, 3]],
    [200, ['a', 'b']],
  ],
  [[200, { schema: '{"$schema":"http://json-schema.org/draft-04/schema#","items":[{}]}', schemaType: 'JSON' }]],
]

/** An input is a list of responses, separated by empty lines. Each is an index into STATUSES, a space and a body. */
function seedOf(list: readonly (readonly [status: number, body: unknown])[]): Uint8Array {
  const texts = list.map(
    ([status, body]) => `${STATUSES.indexOf(status)} ${typeof body === 'string' ? body : JSON.stringify(body)}`,
  )
  return Buffer.from(texts.join(END))
}

export const registryAnswer: Target = {
  name: 'registry-answer',
  about: 'responses of a schema registry: schemas, references, redirects, failures',
  seeds: () => answers.map(seedOf),
  open(planted) {
    // Deliberate bug: a lone surrogate in a subject goes into a URL.
    // oxlint-disable-next-line no-extend-native
    if (planted) String.prototype.toWellFormed = String.prototype.toString
    return async (input) => {
      const parts = Buffer.from(input).toString().split(END)
      let count = 0
      const registry = SchemaRegistry({
        url: 'http://registry',
        retries: 1,
        backoffMs: 0,
        timeoutMs: 1000,
        fetch: async () => {
          if (++count > MOST_REQUESTS) throw new Error('too many requests')
          return answerOf(parts[count % parts.length] ?? '')
        },
      })
      const words = []
      for (const ask of [
        () => registry.avro().decode(Uint8Array.of(0, 0, 0, 0, 7, 2, 0x61)),
        () => registry.json().decode(Uint8Array.of(0, 0, 0, 0, 7, 0x31)),
        () => registry.avro().encode({ id: 'a' }, { topic: 't', part: 'value' }),
        () => registry.versions('a'),
        () => registry.subjects(),
      ])
        words.push(await wordOf(ask))
      if (count > MOST_REQUESTS) throw new Error('the number of requests is not bounded')
      return words.join(', ')
    }
  },
}

function answerOf(part: string): Response {
  const [, index = '', body = ''] = /^(\d*) ?(.*)$/s.exec(part) ?? []
  const status = STATUSES[Number(index) % STATUSES.length]!
  if (status === 204) return new Response(null, { status })
  if (status < 300 || status >= 400) return new Response(body, { status })
  // A header is one line of Latin-1.
  return new Response(null, { status, headers: { location: encodeURI(body.toWellFormed()) } })
}

async function wordOf(ask: () => unknown): Promise<string> {
  try {
    await ask()
    return 'ok'
  } catch (error) {
    if (!SnapstreamError.is(error)) throw error
    if (error.message.length > 2000) throw new Error('the message is too long', { cause: error })
    return `${error.code} ${error.message.replaceAll(/"[^"]*"|\d+|got .*/gs, '#').slice(0, 80)}`
  }
}
