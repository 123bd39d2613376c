import { isUtf8 } from 'node:buffer'
import { BytesCodec, SnapstreamError, StringCodec } from '@snapstream/core'
import type { Codec, Headers } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import type { RecordBatch } from '../driver/driver.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { decodeBatch, messageBatch } from './decode-batch.ts'
import type { DecodedBatch } from './decode-batch.ts'

type Row = readonly [key: Uint8Array | null, value: Uint8Array | null, headers?: Headers]

const bytes = (text: string) => new TextEncoder().encode(text)
const contexts = { key: { topic: 't', part: 'key' }, value: { topic: 't', part: 'value' } } as const

const strings = StringCodec()

/** Rows at every second offset from 10 on, as after compaction. */
function batchOf(rows: readonly Row[]): RecordBatch {
  return {
    topic: 't',
    partition: 3,
    length: rows.length,
    nextOffset: 10 + rows.length * 2,
    endOffset: 10 + rows.length * 2,
    bytes: 100,
    offset: (i) => 10 + i * 2,
    key: (i) => rows[i]?.[0] ?? null,
    value: (i) => rows[i]?.[1] ?? null,
    headers: (i) => rows[i]?.[2] ?? [],
    timestamp: (i) => 1000 + i,
  }
}

/** The same rows from a driver that decodes text. */
function withText(batch: RecordBatch): RecordBatch {
  const text = (content: Uint8Array | null) => {
    if (content === null) return null
    return isUtf8(content) ? Buffer.from(content).toString() : undefined
  }
  return { ...batch, keyText: (i) => text(batch.key(i)), valueText: (i) => text(batch.value(i)) }
}

function decode(
  rows: readonly Row[],
  {
    codec = strings,
    keyCodec = strings,
    tombstones = false,
    brokenHeaders = false,
    end = Infinity,
  }: Partial<Pick<TopicSpec, 'codec' | 'keyCodec' | 'tombstones' | 'brokenHeaders'>> & { end?: number } = {},
) {
  const batch = batchOf(rows)
  const spec = { codec, keyCodec, tombstones, brokenHeaders }
  const decoded = decodeBatch(batch, spec, contexts, end)
  const throughText = decodeBatch(withText(batch), spec, contexts, end)
  // The test awaits `decoded.pending` alone.
  throughText.pending?.catch(() => {})
  // Pending messages have no content yet. Without them, both results are the same.
  const seen = ({ messages, errors, pending }: DecodedBatch) => (pending ? [] : [messages, errors])
  expect(seen(throughText)).toEqual(seen(decoded))
  return { decoded, batch: messageBatch(batch, decoded, 't/3', Math.min(batch.nextOffset, end), () => {}) }
}

const slow = <T>(codec: Codec<T>): Codec<T> => ({
  encode: async (value) => codec.encode(value),
  decode: async (content) => codec.decode(content),
})

test('records are plain objects of one shape', () => {
  const headers: Headers = [['h', bytes('1')]]
  const { batch } = decode([
    [bytes('k'), bytes('v')],
    [null, bytes('ü🏆'), headers],
  ])
  expect(batch.messages).toEqual([
    { topic: 't', partition: 3, offset: 10, key: 'k', value: 'v', headers: [], timestamp: 1000 },
    { topic: 't', partition: 3, offset: 12, key: null, value: 'ü🏆', headers, timestamp: 1001 },
  ])
  expect(batch.error).toBeUndefined()
  expect(batch.timestamp?.(1)).toBe(1001)
  expect(batch.headers?.(1)).toBe(headers)
  expect(batch.bytes).toBe(100)
})

describe('positions', () => {
  test('positions go from record to record, and at the end past skipped records', () => {
    const { batch } = decode([
      [null, bytes('a')],
      [null, null],
      [null, bytes('b')],
      [null, null],
    ])
    expect(batch.messages.map(({ value }) => value)).toEqual(['a', 'b'])
    expect([0, 1, 2].map((n) => batch.position(n))).toEqual([10, 14, 18])
  })

  test('positions stop at the end that is given', () => {
    const rows: Row[] = ['a', 'b', 'c'].map((value) => [null, bytes(value)])
    const { batch } = decode(rows, { end: 13 })
    expect(batch.messages.map(({ value }) => value)).toEqual(['a', 'b'])
    expect(batch.position(2)).toBe(13)
  })
})

test('null values reach the handler with tombstones: true', () => {
  const { batch } = decode([[bytes('k'), null]], { tombstones: true })
  expect(batch.messages.map(({ key, value }) => [key, value])).toEqual([['k', null]])
})

describe('records that do not decode', () => {
  const bad = new Uint8Array([0xc3, 0x28])

  test('a record that does not decode is delivered in order as a raw record, with an error that names its place', () => {
    const { batch } = decode([
      [null, null],
      [bytes('k'), bytes('a')],
      [bytes('k'), bad],
      [bad, bytes('c')],
      [bytes('k'), bytes('d')],
    ])
    expect([0, 1, 2, 3].map((i) => batch.error?.(i)?.message)).toEqual([
      undefined,
      expect.stringMatching(/^the value of t\/3 offset 14 did not decode: 2 bytes are not UTF-8;.*BytesCodec/),
      expect.stringMatching(/^the key of t\/3 offset 16 did not decode: 2 bytes are not UTF-8;.*BytesCodec/),
      undefined,
    ])
    expect(batch.error?.(1)).toMatchObject({ code: 'DECODE_FAILED', topic: 't', partition: 3, offset: 14 })
    expect(batch.messages[1]).toMatchObject({ offset: 14, key: bytes('k'), value: bad })
    expect(batch.messages[2]).toMatchObject({ offset: 16, key: bad, value: bytes('c') })
    expect(batch.raw?.(1)).toEqual({ ...batch.messages[1] })
    expect(batch.raw?.(3)).toMatchObject({ offset: 18, key: bytes('k'), value: bytes('d') })
  })

  test.each([[[0xc0, 0xaf]], [[0xed, 0xa0, 0x80]], [[0xf4, 0x90, 0x80, 0x80]], [[0xe2, 0x82]], [[0xff]]])(
    'bytes %j are not UTF-8',
    (content) => {
      const { batch } = decode([[null, new Uint8Array(content)]])
      expect(batch.error?.(0)).toBeInstanceOf(SnapstreamError)
    },
  )

  test('a replacement character in a value is decoded as it is', () => {
    expect(decode([[null, bytes('a\ufffdb')]]).batch.messages[0]?.value).toBe('a\ufffdb')
    expect(decode([[null, bytes('\ufeffa')]]).batch.messages[0]?.value).toBe('\ufeffa')
  })
})

describe('a codec that returns promises', () => {
  const bad = new Uint8Array([0xff])

  test('an asynchronous codec is awaited once per batch', async () => {
    const { decoded, batch } = decode(
      [
        [bytes('k'), bytes('a')],
        [bytes('k'), bytes('b')],
      ],
      { codec: slow(StringCodec()) },
    )
    await decoded.pending
    expect(batch.messages.map(({ key, value }) => [key, value])).toEqual([
      ['k', 'a'],
      ['k', 'b'],
    ])
  })

  test('an asynchronous codec fails for one record, by its key or its value', async () => {
    const { decoded } = decode(
      [
        [bad, bytes('a')],
        [bytes('k'), bad],
        [bad, bad],
        [bytes('k'), bytes('d')],
      ],
      { codec: slow(StringCodec()), keyCodec: slow(StringCodec()) },
    )
    await decoded.pending
    expect(new Set(decoded.errors.keys())).toEqual(new Set([0, 1, 2]))
    expect(decoded.messages.map(({ key, value }) => [key, value])).toEqual([
      [bad, bytes('a')],
      [bytes('k'), bad],
      [bad, bad],
      ['k', 'd'],
    ])
  })

  test.each(['REGISTRY_UNREACHABLE', 'REGISTRY_FAILED', 'AUTHENTICATION_REFUSED', 'SCHEMA_UNUSABLE'] as const)(
    'a batch fails as a whole with %s, which is no fault of a record',
    async (code) => {
      const outage = new SnapstreamError(code, 'no registry')
      const codec = { ...slow(StringCodec()), decode: () => Promise.reject(outage) }
      const { decoded } = decode(
        [
          [null, bytes('a')],
          [null, bytes('b')],
        ],
        { codec },
      )
      await expect(decoded.pending).rejects.toBe(outage)
      expect(decoded.errors.size).toBe(0)
    },
  )

  test('a sync codec is not awaited', () => {
    expect(decode([[null, bytes('a')]], { codec: BytesCodec() }).decoded.pending).toBeUndefined()
  })
})

describe('headers that cannot all be read', () => {
  // One header with the name c3 28, one with the name n.
  const headerBytes = Uint8Array.from([4, 4, 0xc3, 0x28, 2, 0x76, 2, 0x6e, 1])
  const rows: readonly Row[] = [
    [bytes('k'), bytes('a')],
    [bytes('k'), bytes('b')],
  ]
  const batch: RecordBatch = {
    ...batchOf(rows),
    headers: (i) => (i === 0 ? undefined : []),
    headerBytes: (i) => (i === 0 ? headerBytes : undefined),
    timestamp: (i) => (i === 0 ? 2n ** 60n + 1n : 5),
  }
  const spec = { codec: strings, keyCodec: strings, tombstones: false }
  const exact = { timestamp: Number(2n ** 60n + 1n), exactTimestamp: 2n ** 60n + 1n }

  test('a record with headers that cannot be read fails, and is delivered as a raw record', () => {
    const decoded = decodeBatch(batch, { ...spec, brokenHeaders: false }, contexts, Infinity)
    expect([...decoded.errors.keys()]).toEqual([0])
    expect(decoded.errors.get(0)).toMatchObject({
      code: 'DECODE_FAILED',
      topic: 't',
      partition: 3,
      offset: 10,
      message: expect.stringContaining('the name of header 0 is not UTF-8'),
    })
    const raw = { key: bytes('k'), value: bytes('a'), headers: [['n', null]], headerBytes, ...exact }
    expect(decoded.messages).toMatchObject([raw, { key: 'k', value: 'b', headers: [], timestamp: 5 }])
    expect(messageBatch(batch, decoded, 't/3', 14, () => {}).raw?.(0)).toMatchObject(raw)
    expect(messageBatch(batch, decoded, 't/3', 14, () => {}).timestamp?.(0)).toBe(2n ** 60n + 1n)
  })

  test('headers that cannot be read are delivered as bytes with brokenHeaders: true', () => {
    const { messages, errors } = decodeBatch(batch, { ...spec, brokenHeaders: true }, contexts, Infinity)
    expect(errors.size).toBe(0)
    expect(messages[0]).toMatchObject({ key: 'k', value: 'a', headers: [['n', null]], headerBytes, ...exact })
    expect(messages[1]).toEqual({
      topic: 't',
      partition: 3,
      offset: 12,
      key: 'k',
      value: 'b',
      headers: [],
      timestamp: 5,
    })
  })
})

test('a record that could not be read is a failed raw message, whatever the codecs', () => {
  const error = new SnapstreamError('DECODE_FAILED', 'too large', {
    topic: 't',
    partition: 3,
    offset: 10,
    nextOffset: 90,
  })
  const value = new Uint8Array([0xff])
  const unread: RecordBatch = { ...batchOf([[null, value]]), nextOffset: 90, error: () => error }
  const decoded = decodeBatch(
    unread,
    { codec: strings, keyCodec: strings, tombstones: false, brokenHeaders: false },
    contexts,
    Infinity,
  )
  expect(decoded.messages).toEqual([
    { topic: 't', partition: 3, offset: 10, key: null, value, headers: [], timestamp: 1000 },
  ])
  const batch = messageBatch(unread, decoded, 't/3', 90, () => {})
  expect(batch.error?.(0)).toBe(error)
  expect([batch.position(0), batch.position(1)]).toEqual([10, 90])
  expect(batch.raw?.(0)).toMatchObject({ offset: 10, value })
})
