import type { Headers } from '@snapstream/core'
import type { ProduceRecord } from '@snapstream/kafka/driver'
import fc from 'fast-check'

const bytes = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  // Lengths with varints of two and three bytes.
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 60, maxLength: 70 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 8180, maxLength: 8200, size: 'max' }) },
)

const content = fc.oneof(bytes, fc.string({ unit: 'binary', maxLength: 40 }))

// librdkafka ends a header name at a zero byte.
const name = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', ''))

/** A record that other clients can write: header names are text, and the timestamp is a number. */
export interface PlainRecord extends ProduceRecord {
  readonly headers: Headers
  readonly timestamp: number
}

const record: fc.Arbitrary<PlainRecord> = fc.record({
  key: fc.option(content, { freq: 4 }),
  value: fc.option(content, { freq: 8 }),
  headers: fc.oneof(fc.constant([]), fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 20 })), { maxLength: 80 })),
  timestamp: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10 }), fc.nat({ max: Date.UTC(2026, 0, 1) })),
})

const batch = fc.oneof(
  { weight: 9, arbitrary: fc.array(record, { minLength: 1, maxLength: 12 }) },
  // Offset deltas with varints of two bytes.
  { weight: 1, arbitrary: fc.array(record, { minLength: 65, maxLength: 80, size: 'max' }) },
)

/** Random batches. The same seed gives the same batches. */
export function randomBatches(count: number, seed: number): readonly (readonly PlainRecord[])[] {
  return fc.sample(batch, { numRuns: count, seed })
}
