import { SnapstreamError } from '@snapstream/core'
import type { Headers } from '@snapstream/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ADDED,
  HEADER_BYTES,
  NEXT_OFFSET,
  cutText,
  deadLetterRecord,
  readDeadLetterHeaders,
} from './dead-letter-record.ts'
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

const DEAD = 'orders.dead'

function bury(raw: RawTopicRecord, error: Error = new Error('no'), attempts = 2, binding = 'bill') {
  const made = deadLetterRecord({ message: raw, error, attempts, binding, raw }, DEAD)
  if (!made.bytes) throw new Error('it is not taken as bytes')
  return made.record
}

/** The record as it is read from the dead letter topic. */
const read = ({ headers, timestamp }: ReturnType<typeof bury>, offset = 0): RawTopicRecord =>
  raw({
    topic: DEAD,
    partition: 0,
    offset,
    headers,
    timestamp: Number(timestamp),
    ...(typeof timestamp === 'bigint' && { exactTimestamp: timestamp }),
  })

const content = fc.uint8Array({ maxLength: 4 })
const plainHeader = fc.tuple(fc.string({ maxLength: 3 }), fc.option(content))
/** Headers with the names of Snapstream's that do not make a complete origin. */
const odd = fc.tuple(fc.constantFrom(ADDED.code, ADDED.message, ADDED.topic, ADDED.timestamp), content)

test('the headers of a record can be read back from its dead letter as they were', () => {
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

test('a dead letter that fails again has each header once, with the first place and the last error', () => {
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
        originalBytes: undefined,
      })
    }),
  )
})

describe('the place of a dead letter', () => {
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
  ])('%j %j %j is no place', (...texts) => {
    const headers = place(...texts)
    expect(readDeadLetterHeaders(headers).origin).toBeUndefined()
    // These headers are kept like any others of the record.
    const buried = readDeadLetterHeaders(bury(raw({ headers })).headers)
    expect(buried).toMatchObject({ origin: { topic: 'orders', offset: 17 }, original: headers })
  })

  test('a record without these headers has no place', () => {
    expect(readDeadLetterHeaders([])).toEqual({
      origin: undefined,
      timestamp: undefined,
      code: undefined,
      message: undefined,
      binding: undefined,
      attempts: undefined,
      original: [],
      originalBytes: undefined,
    })
  })
})

describe('the message of an error always fits into a header', () => {
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

  test('a long name of a binding is cut as well', () => {
    const { binding } = readDeadLetterHeaders(bury(raw(), new Error('x'), 1, 'b'.repeat(1000)).headers)
    expect(binding).toMatch(/^b+… \(1000 bytes\)$/)
  })
})

test.each([-1, 0, -86_400_000, 2 ** 53 - 1, 1_796_024_387_239_123_457n, 2n ** 63n - 1n, -(2n ** 63n)])(
  'the timestamp %s is exact, in the record and in the header',
  (timestamp) => {
    const exact = typeof timestamp === 'bigint' && { exactTimestamp: timestamp }
    const record = bury(raw({ timestamp: Number(timestamp), ...exact }))
    expect(record.timestamp).toBe(timestamp)
    expect(readDeadLetterHeaders(record.headers).timestamp).toBe(timestamp)
    expect(readDeadLetterHeaders(bury(read(record)).headers).timestamp).toBe(timestamp)
  },
)

describe('origin headers of a record that is no dead letter', () => {
  const forged: Headers = [
    ...Object.values(ADDED).map((name) => [name, bytes('0')] as const),
    [ADDED.topic, bytes('payments')],
    [HEADER_BYTES, bytes('forged')],
    [NEXT_OFFSET, bytes('40')],
  ]

  test('headers of the record with the same names are kept and have no meaning', () => {
    const record = bury(raw({ headers: forged }))
    expect(readDeadLetterHeaders(record.headers)).toMatchObject({
      origin: { topic: 'orders', partition: 3, offset: 17 },
      nextOffset: undefined,
      timestamp: 9,
      original: forged,
      originalBytes: undefined,
    })
  })

  test('headers of the record with the same names are kept when its dead letter fails again', () => {
    const again = bury(read(bury(raw({ headers: forged }))))
    expect(readDeadLetterHeaders(again.headers)).toMatchObject({
      origin: { topic: 'orders', offset: 17 },
      original: forged,
    })
  })

  test('a dead letter that was read from another topic is an ordinary record with its place in that topic', () => {
    const letter = { ...read(bury(raw()), 5), topic: 'others.dead' }
    const { origin, original } = readDeadLetterHeaders(bury(letter).headers)
    expect(origin).toEqual({ topic: 'others.dead', partition: 0, offset: 5 })
    expect(original).toEqual(letter.headers)
  })
})

describe('headers that cannot all be read', () => {
  const headerBytes = Uint8Array.from([2, 4, 0xc3, 0x28, 2, 0x76])

  test('headers that cannot be read are kept as bytes, however often the record fails', () => {
    let record = bury(raw({ headers: [['trace', null]], headerBytes }))
    for (let i = 0; i < 3; i++) record = bury(read(record))
    expect(record.headers.filter(([name]) => name === HEADER_BYTES)).toEqual([[HEADER_BYTES, headerBytes]])
    expect(readDeadLetterHeaders(record.headers)).toMatchObject({
      origin: { topic: 'orders', offset: 17 },
      original: [['trace', null]],
      originalBytes: headerBytes,
    })
  })

  test('a record with unreadable headers is no dead letter, whatever names its headers have', () => {
    const { headers } = bury(raw())
    const { origin, originalBytes } = readDeadLetterHeaders(bury(raw({ topic: DEAD, headers, headerBytes })).headers)
    expect(origin).toEqual({ topic: DEAD, partition: 3, offset: 17 })
    expect(originalBytes).toBe(headerBytes)
  })
})

test('a dead letter of a batch that could not be read has the offset behind the batch, also when it fails again', () => {
  const error = new SnapstreamError('DECODE_FAILED', 'too large', { topic: 'orders', offset: 17, nextOffset: 40 })
  const once = bury(raw(), error)
  const again = bury(read(once), new Error('no'))
  for (const record of [once, again])
    expect(readDeadLetterHeaders(record.headers)).toMatchObject({
      origin: { topic: 'orders', partition: 3, offset: 17 },
      nextOffset: 40,
      original: [],
    })
  expect(readDeadLetterHeaders(bury(raw()).headers).nextOffset).toBeUndefined()
})

const decoded = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)

test('a message that fits stays as it is, a longer one is cut and ends with its length', () => {
  expect(decoded(cutText('x'.repeat(64), 64))).toBe('x'.repeat(64))
  expect(decoded(cutText('x'.repeat(65), 64))).toBe(`${'x'.repeat(64 - 14)}… (65 bytes)`)
})

test('any message is cut between two characters, within its limit', () => {
  const unit = fc.constantFrom<'grapheme' | 'binary' | 'binary-ascii'>('grapheme', 'binary', 'binary-ascii')
  const texts = unit.chain((unit) => fc.string({ unit, maxLength: 300 }))
  fc.assert(
    fc.property(texts, fc.integer({ min: 32, max: 400 }), (whole, max) => {
      const cut = cutText(whole, max)
      expect(cut.length).toBeLessThanOrEqual(max)
      // Fatal: half a character would throw.
      const [kept = ''] = decoded(cut).split(/… \(\d+ bytes\)$/)
      expect(whole.toWellFormed().startsWith(kept)).toBe(true)
      // No more is cut than necessary: a character has up to 4 bytes.
      expect(cut.length).toBeGreaterThan(Math.min(Buffer.byteLength(whole), max) - 4)
    }),
  )
})

test('a lone surrogate in a message is replaced', () => {
  expect(decoded(cutText('a\ud800b', 64))).toBe('a\ufffdb')
})
