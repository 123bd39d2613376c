import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ErrorCode } from '../error.ts'
import { BytesCodec } from './bytes-codec.ts'
import { StringCodec } from './string-codec.ts'

const codec = StringCodec()

test('carries every string that UTF-8 can hold, a byte order mark included', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => codec.decode(codec.encode(text)) === text))
  expect(codec.decode(codec.encode('\uFEFFa'))).toBe('\uFEFFa')
})

test('refuses bytes that are not UTF-8 and strings that UTF-8 cannot hold', () => {
  const refused = (code: ErrorCode, message: string) => expect.objectContaining({ code, message }) as Error
  expect(() => codec.decode(new Uint8Array([0x61, 0xff]))).toThrow(
    refused('DECODE_FAILED', '2 bytes are not UTF-8; use BytesCodec()'),
  )
  expect(() => codec.encode('a\uD800')).toThrow(
    refused(
      'ENCODE_FAILED',
      'StringCodec() cannot encode "a\\ud800": UTF-8 has no lone surrogates; write bytes, with BytesCodec()',
    ),
  )
  expect(() => codec.encode(5 as unknown as string)).toThrow(
    refused('ENCODE_FAILED', 'StringCodec() encodes strings, got 5; write a string, or use another codec'),
  )
})

test('its text form is the string itself, and refuses what encode refuses', () => {
  const text = codec['~snapstream.text']!
  expect(text.encode('\uFEFFa')).toBe('\uFEFFa')
  expect(text.decode('\uFEFFa')).toBe('\uFEFFa')
  expect(() => text.encode('a\uD800')).toThrow('UTF-8 has no lone surrogates')
  expect(() => text.encode(5 as unknown as string)).toThrow('StringCodec() encodes strings, got 5')
  expect(Object.keys(codec)).not.toContain('~snapstream.text')
})

test('BytesCodec passes bytes through and refuses other values', () => {
  const bytes = new Uint8Array([0, 255])
  expect(BytesCodec().encode(bytes)).toBe(bytes)
  expect(BytesCodec().decode(bytes)).toBe(bytes)
  expect(() => BytesCodec().encode('text' as unknown as Uint8Array)).toThrow(
    expect.objectContaining({
      code: 'ENCODE_FAILED',
      message: 'BytesCodec() takes a Uint8Array, got "text"; for text use StringCodec()',
    }),
  )
})
