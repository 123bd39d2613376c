import fc from 'fast-check'
import type { Headers } from '@snapstream/core'
import { expect, test } from 'vitest'
import type { ProduceRecord } from '../driver/driver.ts'
import { refuseTooLarge, wireBytes } from './record-size.ts'

const content = fc.option(fc.uint8Array({ maxLength: 200 }))
type Written = ProduceRecord & { readonly headers: Headers }

const record: fc.Arbitrary<Written> = fc.record({
  key: content,
  value: content,
  headers: fc.array(
    fc.tuple(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.option(fc.uint8Array({ maxLength: 50 }), { nil: null }),
    ),
    {
      maxLength: 4,
    },
  ),
  timestamp: fc.nat(),
})

/** What the record batch format makes of it at most, by its definition. */
function exactBytes({ key, value, headers }: Written): number {
  const varint = (n: number) => (n < 64 ? 1 : n < 8192 ? 2 : n < 1_048_576 ? 3 : 5)
  let bytes = 1 + 10 + 5
  for (const part of [key, value]) bytes += part === null ? 1 : varint(part.length) + part.length
  bytes += varint(headers.length)
  for (const [name, part] of headers) {
    const length = Buffer.byteLength(name)
    const size = part?.length ?? 0
    bytes += varint(length) + length + varint(size) + size
  }
  return bytes + varint(bytes)
}

test('is never less than a record takes', () => {
  fc.assert(fc.property(record, (one) => wireBytes(one) >= exactBytes(one)))
})

test('a record that does not fit into a request is refused with its size, the limit and what to do', () => {
  const one = { key: null, value: new Uint8Array(1000), headers: [], timestamp: 0 }
  expect(() => refuseTooLarge(wireBytes(one), 'demo', 1100)).not.toThrow()
  expect(() => refuseTooLarge(wireBytes(one), 'demo', 1000)).toThrow(
    expect.objectContaining({
      code: 'RECORD_TOO_LARGE',
      topic: 'demo',
      message:
        'a record of about 1085 bytes for "demo" is larger than maxRequestBytes (1000), before compression; send less in ' +
        'one record, or raise maxRequestBytes and, if need be, max.message.bytes of the topic',
    }),
  )
})
