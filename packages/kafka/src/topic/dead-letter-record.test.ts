import { SnapstreamError } from '@snapstream/core'
import type { Headers } from '@snapstream/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProduceRecord } from '../driver/driver.ts'
import { ADDED, readDeadLetterHeaders } from './dead-letter-headers.ts'
import { deadLetterRecord } from './dead-letter-record.ts'
import type { RawTopicRecord } from './topic-record.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const names = Object.values(ADDED)

function raw(more: Partial<RawTopicRecord> = {}): RawTopicRecord {
  return {
    topic: 'orders',
    partition: 3,
    offset: 17,
    key: bytes('k'),
    value: bytes('v'),
    headers: [],
    timestamp: 9,
    ...more,
  }
}

function bury(raw: RawTopicRecord, error: Error = new Error('no'), attempts = 2, binding = 'bill'): ProduceRecord {
  const made = deadLetterRecord({ message: raw, error, attempts, binding, raw }, 1000)
  if (!made.bytes) throw new Error('it is not taken as bytes')
  return made.record
}

/** As it comes back from the dead letter topic. */
const read = (record: ProduceRecord, offset = 0): RawTopicRecord =>
  raw({ topic: 'orders.dead', partition: 0, offset, headers: record.headers, timestamp: record.timestamp })

const content = fc.uint8Array({ maxLength: 4 })
const plainHeader = fc.tuple(fc.string({ maxLength: 3 }), fc.option(content))
/** Names of our own that somebody else uses, without all that makes an origin. */
const odd = fc.tuple(fc.constantFrom(ADDED.code, ADDED.message, ADDED.topic, ADDED.timestamp), content)

test('the headers of a record come back as they were, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(plainHeader, odd), { maxLength: 12 }), fc.string(), (headers, message) => {
      const said = readDeadLetterHeaders(bury(raw({ headers }), new Error(message)).headers)
      expect(said.original).toEqual(headers)
      expect(said).toMatchObject({
        origin: { topic: 'orders', partition: 3, offset: 17 },
        timestamp: 9,
        code: 'HANDLER_FAILED',
        binding: 'bill',
        attempts: 2,
      })
    }),
  )
})

test('buried again and again it has each header once, the first place and the last error', () => {
  fc.assert(
    fc.property(fc.array(plainHeader, { maxLength: 4 }), fc.integer({ min: 1, max: 5 }), (headers, times) => {
      let record = bury(raw({ headers }))
      for (let i = 1; i <= times; i++)
        record = bury(read(record, i), new SnapstreamError('SINK_REFUSED', `time ${i}`), i, `again ${i}`)
      for (const name of names) expect(record.headers.filter(([own]) => own === name)).toHaveLength(1)
      expect(readDeadLetterHeaders(record.headers)).toEqual({
        origin: { topic: 'orders', partition: 3, offset: 17 },
        timestamp: 9,
        code: 'SINK_REFUSED',
        message: `time ${times}`,
        binding: `again ${times}`,
        attempts: times,
        original: headers,
      })
    }),
  )
})

describe('the place where it failed is only what was written as one', () => {
  const place = (topic: string, partition: string, offset: string): Headers => [
    [ADDED.topic, bytes(topic)],
    [ADDED.partition, bytes(partition)],
    [ADDED.offset, bytes(offset)],
  ]

  test.each([
    ['a b', '0', '0'],
    ['', '0', '0'],
    ['t', '-1', '0'],
    ['t', '0', '1e3'],
    ['t', '0', ''],
    ['t', '0x1', '0'],
    ['t', ' 0', '0'],
    ['t', '0', '9007199254740993'],
    ['t', '0', '00'],
  ])('%j %j %j is none', (...texts) => {
    const headers = place(...texts)
    expect(readDeadLetterHeaders(headers).origin).toBeUndefined()
    // It is kept with the rest, and goes with the rest.
    const buried = readDeadLetterHeaders(bury(raw({ headers })).headers)
    expect(buried).toMatchObject({ origin: { topic: 'orders', offset: 17 }, original: headers })
  })

  test('a record without any of them has none', () => {
    expect(readDeadLetterHeaders([])).toEqual({
      origin: undefined,
      timestamp: undefined,
      code: undefined,
      message: undefined,
      binding: undefined,
      attempts: undefined,
      original: [],
    })
  })
})

describe('what an error says never makes a header that cannot be written', () => {
  test.each([
    ['of a megabyte', new Error('é'.repeat(500_000)), /^é+… \(1000000 bytes\)$/],
    ['with a lone surrogate', new Error('\ud800'), /^\ufffd$/],
    ['that is no text', Object.assign(new Error('x'), { message: { toString: 1 } }), /^an object with toString$/],
    ['that is a symbol', Object.assign(new Error('x'), { message: Symbol('s') }), /^Symbol\(s\)$/],
    ['that is empty', new Error(''), /^$/],
  ])('a message %s', (_, error, expected) => {
    const { headers } = bury(raw(), error)
    expect(readDeadLetterHeaders(headers).message).toMatch(expected)
    for (const [, content] of headers) expect(content?.length).toBeLessThanOrEqual(1024)
  })

  test('the name of a binding is bounded as well', () => {
    const { binding } = readDeadLetterHeaders(bury(raw(), new Error('x'), 1, 'b'.repeat(1000)).headers)
    expect(binding).toMatch(/^b+… \(1000 bytes\)$/)
  })
})

test('a record without a timestamp says so, and gets that of its failure', () => {
  const record = bury(raw({ timestamp: -1 }))
  expect(record.timestamp).toBe(1000)
  expect(readDeadLetterHeaders(record.headers).timestamp).toBe(-1)
  expect(readDeadLetterHeaders(bury(read(record)).headers).timestamp).toBe(-1)
})
