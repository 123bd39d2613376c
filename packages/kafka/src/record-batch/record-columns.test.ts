import { createRequire } from 'node:module'
import { SnapstreamError } from '@snapstream/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FetchedPartition } from './fetched-partition.ts'
import { recordColumns } from './record-columns.ts'
import { decompressed, recordSections } from './record-sections.ts'

const require = createRequire(import.meta.url)
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<{ buffer: Buffer }>
}
const Record = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object

interface Written {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [string, Buffer])[]
  readonly timestampDelta: number
  readonly gap: number
}

/** One batch as KafkaJS writes it, with what a broker adds or changes. */
async function batch(
  firstOffset: number,
  records: readonly Written[],
  change: { attributes?: number; lastOffsetDelta?: number; compression?: number; producerId?: number } = {},
): Promise<Buffer> {
  let offsetDelta = -1
  const written = records.map(({ key, value, headers, timestampDelta, gap }) => {
    offsetDelta += 1 + gap
    const names = Object.create(null) as { [name: string]: Buffer[] }
    for (const [name, content] of headers) (names[name] ??= []).push(content)
    return Record({ key, value, headers: names, timestampDelta, offsetDelta })
  })
  const { buffer } = await RecordBatch({
    compression: change.compression ?? 0,
    records: written,
    firstTimestamp: BASE_TIME,
    maxTimestamp: BASE_TIME,
    lastOffsetDelta: change.lastOffsetDelta ?? Math.max(0, offsetDelta),
  })
  buffer.writeBigInt64BE(BigInt(firstOffset), 0)
  if (change.attributes !== undefined) buffer.writeInt16BE(change.attributes, 21)
  buffer.writeBigInt64BE(BigInt(change.producerId ?? -1), 43)
  return buffer
}

const BASE_TIME = 1_700_000_000_000
const at = { topic: 't', partition: 3 }
const END_OFFSET = 2 ** 34
const fetched = (records: Buffer, aborted: FetchedPartition['aborted'] = []): FetchedPartition => ({
  ...at,
  errorCode: 0,
  aborted,
  endOffset: END_OFFSET,
  lastStableOffset: END_OFFSET,
  preferredReplica: -1,
  records,
})

async function decode(of: FetchedPartition, from: number) {
  const { sections, nextOffset } = recordSections(of, from)
  return recordColumns(of, await decompressed(sections, of), from, nextOffset)
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((content) => Buffer.from(content))
const maybeBytes = fc.option(bytes)
const written: fc.Arbitrary<Written> = fc.record({
  key: maybeBytes,
  value: maybeBytes,
  // One value a name: the order among names that repeat is KafkaJS's.
  headers: fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-zé]{1,9}$/), bytes), {
    selector: ([name]) => name,
    maxLength: 3,
  }),
  timestampDelta: fc.oneof(fc.integer({ min: -100, max: 100 }), fc.integer({ min: -(2 ** 42), max: 2 ** 42 })),
  gap: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(100_000) }),
})

test('reads what KafkaJS writes, compressed or not, from any offset, with holes', async () => {
  const batches = fc.array(fc.tuple(fc.array(written, { minLength: 1, maxLength: 12 }), fc.constantFrom(0, 1)), {
    minLength: 1,
    maxLength: 4,
  })
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(30), fc.nat(60), async (all, skip, cut) => {
      const expected: object[] = []
      const buffers: Buffer[] = []
      const start = 2 ** 33
      let offset = start
      for (const [records, compression] of all) {
        buffers.push(await batch(offset, records, { compression }))
        for (const { key, value, headers, timestampDelta, gap } of records) {
          offset += gap
          expected.push({ offset, key, value, headers, timestamp: BASE_TIME + timestampDelta })
          offset++
        }
      }
      // The last batch may be cut off in the middle.
      const more = await batch(offset, [
        { key: null, value: Buffer.alloc(100), headers: [], timestampDelta: 0, gap: 0 },
      ])
      buffers.push(more.subarray(0, cut))
      const from = start + skip
      const read = await decode(fetched(Buffer.concat(buffers)), from)
      expect(
        Array.from({ length: read.length }, (_, i) => ({
          offset: read.offset(i),
          key: read.key(i),
          value: read.value(i),
          headers: read.headers(i),
          timestamp: read.timestamp(i),
        })),
      ).toEqual(expected.filter((record) => (record as { offset: number }).offset >= from))
      expect(read.nextOffset).toBe(Math.max(from, offset))
      expect(read.endOffset).toBe(END_OFFSET)
    }),
    { numRuns: 200 },
  )
})

const one: Written = { key: null, value: Buffer.from('v'), headers: [], timestampDelta: 0, gap: 0 }

test('goes past batches that compaction left empty, and past the holes at their end', async () => {
  const read = await decode(fetched(await batch(10, [], { lastOffsetDelta: 5 })), 10)
  expect([read.length, read.nextOffset]).toEqual([0, 16])
  const holes = await decode(fetched(await batch(10, [one], { lastOffsetDelta: 5 })), 10)
  expect([holes.length, holes.nextOffset]).toEqual([1, 16])
})

test('hides control records and what was aborted, and goes past them', async () => {
  const [transactional, control] = [0x10, 0x30]
  const marker = (type: number): Written => ({ ...one, key: Buffer.from([0, 0, 0, type]) })
  const log = Buffer.concat([
    await batch(0, [one, one], { attributes: transactional, producerId: 7 }),
    await batch(2, [one], { attributes: transactional, producerId: 8 }),
    await batch(3, [one]),
    await batch(4, [marker(0)], { attributes: control, producerId: 7 }),
    await batch(5, [one], { attributes: transactional, producerId: 7 }),
    await batch(6, [marker(1)], { attributes: control, producerId: 7 }),
    await batch(7, [marker(1)], { attributes: control, producerId: 8 }),
  ])
  const read = await decode(fetched(log, [{ producerId: 7, firstOffset: 0 }]), 0)
  expect(Array.from({ length: read.length }, (_, i) => read.offset(i))).toEqual([2, 3, 5])
  expect(read.nextOffset).toBe(8)
  // Without the list of aborted transactions (read_uncommitted) only the markers are hidden.
  expect((await decode(fetched(log), 0)).length).toBe(5)
})

test('takes the time of arrival where the topic keeps it', async () => {
  const buffer = await batch(0, [{ ...one, timestampDelta: 99 }], { attributes: 0x08 })
  buffer.writeBigInt64BE(BigInt(BASE_TIME + 5), 35)
  expect((await decode(fetched(buffer), 0)).timestamp(0)).toBe(BASE_TIME + 5)
})

test('names what it cannot read', async () => {
  const refusal = async (buffer: Buffer) => {
    const error: unknown = await decode(fetched(buffer), 4).catch((thrown: unknown) => thrown)
    return SnapstreamError.is(error) ? [error.code, error.message] : error
  }
  const old = await batch(4, [one])
  old[16] = 1
  expect(await refusal(old)).toEqual(['UNSUPPORTED', expect.stringContaining('message format 1 at offset 4')])
  const unknown = await batch(4, [one], { attributes: 5 })
  expect(await refusal(unknown)).toEqual(['UNSUPPORTED', expect.stringContaining('an unknown codec, number 5')])
  for (const [attributes, name] of ['gzip', 'snappy', 'lz4', 'zstd'].entries()) {
    const garbage = await batch(4, [one], { attributes: attributes + 1 })
    expect(await refusal(garbage)).toEqual([
      'KAFKA_FAILED',
      expect.stringContaining(`partition 3 of "t" from offset 4 on are not what ${name} makes`),
    ])
  }
  const half = (await batch(4, [one])).subarray(0, 65)
  expect(await refusal(half)).toEqual(['KAFKA_FAILED', expect.stringContaining('not a whole batch')])
  const broken = await batch(4, [one])
  broken.fill(0xff, 61)
  expect(await refusal(broken)).toBeInstanceOf(RangeError)
})

test('has no headers where the name of one is not UTF-8, and all of them as bytes', async () => {
  const buffer = await batch(4, [{ ...one, headers: [['name', Buffer.from('v')]] }, one])
  buffer[buffer.indexOf('name')] = 0xff
  const read = await decode(fetched(buffer), 4)
  expect([read.headers(0), read.headers(1)]).toEqual([undefined, []])
  const section = Buffer.concat([Buffer.from([2, 8, 0xff]), Buffer.from('ame'), Buffer.from([2]), Buffer.from('v')])
  expect(section.equals(read.headerBytes?.(0) ?? Buffer.alloc(0))).toBe(true)
})

test('adds times up in 64 bits, as Java does', async () => {
  const buffer = await batch(0, [one, { ...one, timestampDelta: 10 }, { ...one, timestampDelta: -(2 ** 60) }])
  const timesFrom = async (base: bigint) => {
    buffer.writeBigInt64BE(base, 27)
    const read = await decode(fetched(buffer), 0)
    return [read.timestamp(0), read.timestamp(1), read.timestamp(2)]
  }
  expect(await timesFrom(2n ** 63n - 1n)).toEqual([2n ** 63n - 1n, -(2n ** 63n) + 9n, 2n ** 63n - 1n - 2n ** 60n])
  expect(await timesFrom(2n ** 53n + 1n)).toEqual([2n ** 53n + 1n, 2n ** 53n + 11n, 2n ** 53n + 1n - 2n ** 60n])
  expect(await timesFrom(2n ** 53n - 5n)).toEqual([2 ** 53 - 5, 2n ** 53n + 5n, 2n ** 53n - 5n - 2n ** 60n])
  expect(await timesFrom(2n ** 60n + 1n)).toEqual([2n ** 60n + 1n, 2n ** 60n + 11n, 1])
  expect(await timesFrom(-1n)).toEqual([-1, 9, -1n - 2n ** 60n])
})
