import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BytesCodec } from './bytes-codec.ts'
import { StringCodec } from './string-codec.ts'

const codec = StringCodec()

test('carries every string that UTF-8 can hold, a byte order mark included', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => codec.decode(codec.encode(text)) === text))
  expect(codec.decode(codec.encode('\uFEFFa'))).toBe('\uFEFFa')
})

test('refuses bytes that are not UTF-8 and strings that UTF-8 cannot hold', () => {
  expect(() => codec.decode(new Uint8Array([0x61, 0xff]))).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }))
  expect(() => codec.encode('a\uD800')).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }))
  expect(() => codec.encode(5 as unknown as string)).toThrow(/got 5/)
})

test('BytesCodec passes bytes through and refuses other values', () => {
  const bytes = new Uint8Array([0, 255])
  expect(BytesCodec().encode(bytes)).toBe(bytes)
  expect(BytesCodec().decode(bytes)).toBe(bytes)
  expect(() => BytesCodec().encode('text' as unknown as Uint8Array)).toThrow(/got "text"/)
})
