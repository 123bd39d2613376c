import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { keyId } from './key-id.ts'
import { messageCodec } from './message-codec.ts'

class Money {
  readonly cents = 5
}

const codec = messageCodec('join')
const keep = (message: object) => codec.decode(codec.encode({ time: 5, message }))

test('base64 is that of Node', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      const text = encodeBase64(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64'))
      expect(decodeBase64(text)).toEqual(bytes)
    }),
  )
})

test('messages come back as they were', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    maxDepth: 2,
    withNullPrototype: false,
    withTypedArray: false,
    withUnicodeString: true,
    key: fc.oneof(fc.string(), fc.constantFrom('~bytes', '~object', '__proto__', 'constructor', '~')),
  })
  const message = fc.record({ key: fc.string(), value: anything, bytes: fc.uint8Array({ maxLength: 5 }) })
  fc.assert(
    fc.property(message, (message) => {
      expect(keep(message)).toEqual({ time: 5, message })
    }),
    { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 100) },
  )
})

test('a record of a topic comes back with its headers', () => {
  const record = {
    topic: 't',
    partition: 1,
    offset: 2,
    key: 'a',
    value: { total: 3, at: new Date(7), list: [undefined, -0, NaN] },
    headers: [['trace', new Uint8Array([1, 2, 255])] as const, ['null', null] as const],
    timestamp: 9,
    exactTimestamp: 2n ** 60n,
  }
  expect(keep(record)).toStrictEqual({ time: 5, message: record })
})

test('plain records are plain JSON', () => {
  const record = { key: 'a', value: { n: 1 }, headers: [], timestamp: 9 }
  expect(new TextDecoder().decode(codec.encode({ time: 5, message: record }))).toBe(`[5,${JSON.stringify(record)}]`)
})

test.each([
  [{ value: { f() {} } }, 'value.f is a Function'],
  [{ value: [1, new Money()] }, 'value[1] is a Money'],
  [new Money(), 'the message is a Money'],
  [{ value: Symbol('s') }, 'value is Symbol(s)'],
])('what would not come back is refused', (message, came) => {
  expect(() => codec.encode({ time: 1, message })).toThrow(
    expect.objectContaining({ code: 'ENCODE_FAILED', message: expect.stringContaining(came) }),
  )
})

test('a message that contains itself is refused', () => {
  const message: { self?: unknown } = {}
  message.self = message
  expect(() => codec.encode({ time: 1, message })).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }))
})

test('keys of different types are different', () => {
  const keys = ['1', 1, true, 'true', new Uint8Array([1]), '\u0000b\u0001', '\u0000t\u0000b\u0001', '\u0000', '']
  expect(new Set(keys.map(keyId)).size).toBe(keys.length)
  expect(keyId(new Uint8Array([1, 2]))).toBe(keyId(Buffer.from([1, 2])))
})
