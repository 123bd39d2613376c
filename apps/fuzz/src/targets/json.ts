import { isUtf8 } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { SnapstreamError } from '@snapstream/core'
import { JsonCodec } from '@snapstream/codecs/json'
import type { Target } from '../target.ts'

const order = {
  type: 'object',
  required: ['id'],
  additionalProperties: { type: ['string', 'number', 'null'] },
  properties: {
    id: { type: 'string', pattern: '^[a-z][a-z0-9-]*$', maxLength: 40 },
    at: { type: 'string', format: 'date-time' },
    tags: { type: 'array', uniqueItems: true, maxItems: 50 },
    items: { type: 'array', items: { oneOf: [{ type: 'number' }, { type: 'object', minProperties: 1 }] } },
  },
}
const tree = {
  type: 'object',
  properties: { left: { $ref: '#' }, right: { $ref: '#' }, value: { const: { a: [1] } } },
  additionalProperties: false,
}
const drafts = [
  { $schema: 'http://json-schema.org/draft-04/schema#', properties: { a: { minimum: 1, exclusiveMinimum: true } } },
  { items: [{ type: 'string' }, { format: 'uri' }], additionalItems: { format: 'email' } },
]

export const json: Target = {
  name: 'json',
  about: 'JSON values: read with and without schemas, and written again',
  seeds: () =>
    [
      '{"id":"a-1","at":"2026-01-02T03:04:05Z","tags":[1,"1",{"a":1},{"a":2}],"items":[1,{"b":2}],"more":null}',
      '{"left":{"left":{"value":{"a":[1]}},"right":{}},"right":{"left":{}}}',
      '{"a":5,"b":[1e400,-0,1.5e-7,"\\ud800","\\u0000","\\"]["]}',
      '["x","http://a/b?c#d","a@b.c","\u00e4\ufffd"]',
      '{"__proto__":{"a":1},"constructor":{"name":{"toString":1}},"toJSON":1}',
      `${'['.repeat(600)}${']'.repeat(600)}`,
      `${'{"left":'.repeat(400)}{}${'}'.repeat(400)}`,
      'null',
      '"text"',
      ' 12 ',
    ].map((text) => Buffer.from(text)),
  open(planted) {
    const plain = JsonCodec()
    const checked = [order, tree, ...drafts].map((schema) => JsonCodec({ schema }))
    const decode = planted
      ? // Deliberate bug: invalid UTF-8 is replaced instead of refused.
        (bytes: Uint8Array) => plain['~snapstream.text']!.decode(Buffer.from(bytes).toString())
      : (bytes: Uint8Array) => plain.decode(bytes)
    return (input) => {
      const words = [plain, ...checked].map((codec) =>
        wordOf(() => void (codec === plain ? decode(input) : codec.decode(input))),
      )
      if (words[0] === 'ok') {
        if (!isUtf8(input)) throw new Error('invalid UTF-8 was accepted')
        comesBack(decode(input))
      }
      return words.join(', ')
    }

    /** Compares with JSON.stringify: JSON has no Infinity, the value of `1e400`, and calls `toJSON`. */
    function comesBack(value: unknown): void {
      let bytes: Uint8Array
      try {
        bytes = plain.encode(value)
      } catch (error) {
        if (SnapstreamError.is(error) && error.code === 'ENCODE_FAILED') return
        throw error
      }
      if (!isDeepStrictEqual(plain.decode(bytes), JSON.parse(JSON.stringify(value))))
        throw new Error('the value differs after a round trip')
    }
  },
}

function wordOf(run: () => void): string {
  try {
    run()
    return 'ok'
  } catch (error) {
    if (!SnapstreamError.is(error) || error.code !== 'DECODE_FAILED') throw error
    if (error.message.length > 2000) throw new Error('the message is too long', { cause: error })
    return error.message.replaceAll(/got .*|\d+|"[^"]*"|\$\S*/gs, '#')
  }
}
