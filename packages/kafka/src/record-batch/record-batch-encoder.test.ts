import { createRequire } from 'node:module'
import { CompressionType, decodeRecordBatch, encodeRecordBatch } from '@kafkats/client'
import { crc32c } from '@node-rs/crc32'
import { SnapstreamError } from '@snapstream/core'
import type { Headers } from '@snapstream/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProduceRecord } from '../driver/driver.ts'
import { toInt64 } from '../driver/int64.ts'
import { COMPRESSIONS } from './compression.ts'
import { decompressionRoom } from './decompression-room.ts'
import { partitionReader } from './partition-reader.ts'
import { recordBatchEncoder } from './record-batch-encoder.ts'

const encode = recordBatchEncoder({ crc32c })
const plain = { compression: 'none', firstSequence: -1 } as const

const bytes = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 100 }) },
  { weight: 1, arbitrary: fc.nat(20_000).map((length) => new Uint8Array(length).fill(7)) },
)
const content = fc.oneof(bytes, fc.string({ unit: 'grapheme', maxLength: 100 }), fc.constant('ä'.repeat(20_000)))
type Written = ProduceRecord & { readonly headers: Headers }

interface NearRecord extends ProduceRecord {
  readonly headers: Headers
  readonly timestamp: number
}

const headers = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.option(bytes, { nil: null })), { maxLength: 3 })
const parts = { key: fc.option(content), value: fc.option(content), headers }
const near = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.integer({ min: 0, max: 8.64e15 }),
)
/** As @kafkats/client and KafkaJS read and write them. */
const nearRecord: fc.Arbitrary<NearRecord> = fc.record({ ...parts, timestamp: near })
const nearRecords = fc.array(nearRecord, { minLength: 1, maxLength: 30 })
const exact = fc.oneof(
  near,
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(toInt64),
  fc
    .constantFrom(
      -1n,
      0n,
      -86_400_000n,
      1_796_024_387_239_123_457n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      2n ** 53n,
      -(2n ** 53n),
    )
    .map(toInt64),
)
const record: fc.Arbitrary<Written> = fc.record({ ...parts, timestamp: exact })
const records = fc.array(record, { minLength: 1, maxLength: 30 })

async function decode(batch: Buffer, check?: typeof crc32c) {
  const fetched = { topic: 't', partition: 0, errorCode: 0, aborted: [], preferredReplica: -1, records: batch }
  const of = { ...fetched, endOffset: 0, lastStableOffset: 0, ...(check && { crc32c: check }) }
  const reader = partitionReader(of, 0, 0, decompressionRoom(1 << 27))
  const all: ReturnType<typeof expected> = []
  for (let read = await reader.next(); read !== undefined; read = await reader.next())
    for (let i = 0; i < read.length; i++) {
      const error = read.error?.(i)
      if (error) throw error
      all.push({
        offset: read.offset(i),
        key: text(read.key(i)),
        value: text(read.value(i)),
        headers: (read.headers(i) ?? []).map(([name, value]) => [name, text(value)]),
        timestamp: read.timestamp(i),
      })
    }
  return all
}

// As strings: comparing bytes one by one takes longer than the rest of the test.
const text = (part: Uint8Array | string | null) => part && buffer(part).toString('latin1')
const buffer = (part: Uint8Array | string) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))
const expected = (all: readonly Written[]) =>
  all.map(({ key, value, headers, timestamp }, offset) => ({
    offset,
    key: text(key),
    value: text(value),
    headers: headers.map(([name, content]) => [name, text(content)]),
    timestamp,
  }))

test('batches of each compression are read unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(records, fc.constantFrom(...COMPRESSIONS), async (all, compression) => {
      const batch = await encode(all, { compression, firstSequence: -1 })
      expect(await decode(batch, crc32c)).toEqual(expected(all))
    }),
    { numRuns: 300 },
  )
})

test('@kafkats/client reads the batches that are written, with checksum and header', async () => {
  const producers = fc.option(
    fc.record({
      producerId: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      producerEpoch: fc.nat(32_767),
      firstSequence: fc.nat(2 ** 31 - 1),
    }),
  )
  const compressions = fc.constantFrom('none' as const, 'gzip' as const)
  await fc.assert(
    fc.asyncProperty(nearRecords, producers, compressions, async (all, producer, compression) => {
      const { firstSequence = -1, producerId = -1, producerEpoch = -1 } = producer ?? {}
      const batch = await encode(all, { compression, firstSequence, producer: producer ?? undefined })
      const times = all.map(({ timestamp }) => timestamp)
      const read = await decodeRecordBatch(batch)
      const shown = read.records.map(({ offset, timestamp, key, value, headers }) => ({
        offset: Number(offset),
        key: text(key),
        value: text(value),
        headers: headers.map((header) => [header.key, text(header.value)]),
        timestamp: Number(timestamp),
      }))
      expect({ ...read, records: shown }).toMatchObject({
        baseOffset: 0n,
        partitionLeaderEpoch: -1,
        attributes: COMPRESSIONS.indexOf(compression),
        lastOffsetDelta: all.length - 1,
        baseTimestamp: BigInt(times[0] ?? 0),
        maxTimestamp: BigInt(Math.max(...times)),
        producerId: BigInt(producerId),
        producerEpoch,
        baseSequence: firstSequence,
        records: expected(all),
      })
    }),
    { numRuns: 300 },
  )
})

test('batches of @kafkats/client are read', async () => {
  await fc.assert(
    fc.asyncProperty(
      nearRecords,
      fc.constantFrom(CompressionType.None, CompressionType.Gzip),
      async (all, compression) => {
        const base = all[0]?.timestamp ?? 0
        const written = all.map(({ key, value, headers, timestamp }, offsetDelta) => ({
          attributes: 0,
          timestampDelta: timestamp - base,
          offsetDelta,
          key: key === null ? null : buffer(key),
          value: value === null ? null : buffer(value),
          headers: headers.map(([name, content]) => ({ key: name, value: content && buffer(content) })),
        }))
        const batch = {
          baseOffset: 0n,
          partitionLeaderEpoch: -1,
          magic: 2,
          attributes: 0,
          lastOffsetDelta: all.length - 1,
          baseTimestamp: BigInt(base),
          maxTimestamp: BigInt(base),
          producerId: -1n,
          producerEpoch: -1,
          baseSequence: -1,
          records: written,
        }
        const encoded = await encodeRecordBatch(batch, { compression })
        expect(await decode(encoded, crc32c)).toEqual(expected(all))
      },
    ),
    { numRuns: 200 },
  )
})

test('KafkaJS reads the batches that are written', async () => {
  const require = createRequire(import.meta.url)
  const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object
  const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
    decoder: object,
  ) => Promise<{ records: { offset: string; key: Buffer | null; value: Buffer | null; timestamp: string }[] }>
  await fc.assert(
    fc.asyncProperty(nearRecords, async (all) => {
      const batch = await encode(all, plain)
      const { records: read } = await decodeBatch(new Decoder(batch))
      expect(
        read.map(({ offset, key, value, timestamp }) => ({ offset, key: text(key), value: text(value), timestamp })),
      ).toEqual(
        expected(all).map(({ offset, key, value, timestamp }) => ({
          offset: String(offset),
          key,
          value,
          timestamp: String(timestamp),
        })),
      )
    }),
    { numRuns: 100 },
  )
})

const one: ProduceRecord = { key: null, value: Buffer.from('v'), headers: [], timestamp: 1 }

test('a batch does not change when the next is written', async () => {
  const first = await encode([one], plain)
  const before = Buffer.from(first)
  await encode([{ ...one, value: new Uint8Array(300) }], plain)
  expect(first.equals(before)).toBe(true)
  const both = await Promise.all([
    encode([one], { ...plain, compression: 'gzip' }),
    encode([{ ...one, value: Buffer.from('w') }], { ...plain, compression: 'gzip' }),
  ])
  const read = await Promise.all(both.map((batch) => decode(batch)))
  expect(read.map(([record]) => String(record?.value))).toEqual(['v', 'w'])
})

test('fractions of milliseconds are dropped', async () => {
  const batch = await encode(
    [
      { ...one, timestamp: 1.9 },
      { ...one, timestamp: 3.2 },
    ],
    plain,
  )
  expect((await decode(batch)).map(({ timestamp }) => timestamp)).toEqual([1, 3])
})

test('a header whose name UTF-8 cannot hold is refused', () => {
  const refusal = () => encode([{ ...one, headers: [['a\ud800', Buffer.from('v')]] }], plain)
  expect(refusal).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }))
})

test('the checksum detects every changed byte; without it a change goes unnoticed', async () => {
  const batch = await encode([one, { ...one, key: Buffer.from('key') }], plain)
  for (let at = 21; at < batch.length; at++) {
    const changed = Buffer.from(batch)
    changed[at] = (changed[at] ?? 0) ^ 0x40
    const error: unknown = await decode(changed, crc32c).catch((thrown: unknown) => thrown)
    expect(SnapstreamError.is(error) && [error.code, error.message]).toEqual([
      'KAFKA_FAILED',
      expect.stringContaining('of partition 0 of "t" cannot be read: the batch arrived with another checksum'),
    ])
  }
  const changed = Buffer.from(batch)
  changed[changed.indexOf('key')] = 0x4b
  expect(String((await decode(changed))[1]?.key)).toBe('Key')
})
