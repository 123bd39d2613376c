import fc from 'fast-check'
import type { Headers } from '@snapstream/core'
import { test } from 'vitest'
import type { ProduceRecord } from '../driver/driver.ts'
import { wireBytes } from './accumulator.ts'

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

/** The most bytes that a record takes, by the definition of the format. */
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

test('wireBytes is never less than the size of a record on the wire', () => {
  fc.assert(fc.property(record, (one) => wireBytes(one) >= exactBytes(one)))
})
