import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { crc32c } from '@node-rs/crc32'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RecordBatch } from '../driver/driver.ts'
import { COMPRESSIONS } from './compression.ts'
import { decompressionRoom } from './decompression-room.ts'
import type { FetchedPartition } from './fetched-partition.ts'
import { partitionReader } from './partition-reader.ts'
import { recordBatchEncoder } from './record-batch-encoder.ts'

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

/** One batch as KafkaJS writes it, with the fields that a broker adds or changes. */
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

/** All batches of a reader, up to the error that it throws. */
async function decode(of: FetchedPartition, from: number, room = decompressionRoom(1 << 27)) {
  const reader = partitionReader(of, from, END_OFFSET, room)
  const parts: RecordBatch[] = []
  let thrown: unknown
  try {
    for (let part = await reader.next(); part !== undefined; part = await reader.next()) parts.push(part)
  } catch (error) {
    thrown = error
  }
  const records = parts.flatMap((part) =>
    Array.from({ length: part.length }, (_, i) => ({
      offset: part.offset(i),
      key: part.key(i),
      value: part.value(i),
      headers: part.headers(i),
      timestamp: part.timestamp(i),
      error: part.error?.(i),
    })),
  )
  const last = parts.at(-1)
  return { parts, records, nextOffset: last?.nextOffset, endOffset: last?.endOffset, thrown }
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((content) => Buffer.from(content))
const maybeBytes = fc.option(bytes)
const written: fc.Arbitrary<Written> = fc.record({
  key: maybeBytes,
  value: maybeBytes,
  // One value per name, as KafkaJS changes the order of values with the same name.
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
          expected.push({ offset, key, value, headers, timestamp: BASE_TIME + timestampDelta, error: undefined })
          offset++
        }
      }
      // The last batch may be cut off in the middle.
      const more = await batch(offset, [
        { key: null, value: Buffer.alloc(100), headers: [], timestampDelta: 0, gap: 0 },
      ])
      buffers.push(more.subarray(0, cut))
      const from = Math.min(start + skip, offset - 1)
      const read = await decode(fetched(Buffer.concat(buffers)), from)
      expect(read.thrown).toBeUndefined()
      expect(read.records).toEqual(expected.filter((record) => (record as { offset: number }).offset >= from))
      expect(read.nextOffset ?? from).toBe(Math.max(from, offset))
      expect(read.endOffset ?? END_OFFSET).toBe(END_OFFSET)
    }),
    { numRuns: 200 },
  )
})

const one: Written = { key: null, value: Buffer.from('v'), headers: [], timestampDelta: 0, gap: 0 }

test('batches that compaction left empty, and holes at their end, are skipped', async () => {
  const read = await decode(fetched(await batch(10, [], { lastOffsetDelta: 5 })), 10)
  expect([read.records.length, read.nextOffset]).toEqual([0, 16])
  const emptied = await decode(fetched(await batch(10, [], { lastOffsetDelta: 5, attributes: 1 })), 10)
  expect(emptied).toMatchObject({ records: [], nextOffset: 16, thrown: undefined })
  const holes = await decode(fetched(await batch(10, [one], { lastOffsetDelta: 5 })), 10)
  expect([holes.records.length, holes.nextOffset]).toEqual([1, 16])
})

test('control records and aborted records are skipped', async () => {
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
  expect(read.records.map(({ offset }) => offset)).toEqual([2, 3, 5])
  expect(read.nextOffset).toBe(8)
  // Without the list of aborted transactions (read_uncommitted) only the markers are hidden.
  expect((await decode(fetched(log), 0)).records).toHaveLength(5)
})

test('an answer may have more batches without records than a call takes arguments', async () => {
  const marker = await batch(0, [{ ...one, key: Buffer.from([0, 0, 0, 1]) }], { attributes: 0x30 })
  const count = 200_000
  const log = Buffer.alloc(count * marker.length)
  for (let i = 0; i < count; i++) {
    marker.copy(log, i * marker.length)
    log.writeBigInt64BE(BigInt(i), i * marker.length)
  }
  expect(await decode(fetched(log), 0)).toMatchObject({ records: [], nextOffset: count, thrown: undefined })
  const mixed = await decode(fetched(Buffer.concat([log, await batch(count, [one, one])])), 0)
  expect(mixed.records.map(({ offset }) => offset)).toEqual([count, count + 1])
})

test('records have the append time if the topic uses LogAppendTime', async () => {
  const buffer = await batch(0, [{ ...one, timestampDelta: 99 }], { attributes: 0x08 })
  buffer.writeBigInt64BE(BigInt(BASE_TIME + 5), 35)
  expect((await decode(fetched(buffer), 0)).records[0]?.timestamp).toBe(BASE_TIME + 5)
})

const values = (of: { readonly records: readonly { readonly value: Uint8Array | null }[] }) =>
  of.records.map(({ value }) => value && Buffer.from(value).toString())
const named = (value: string): Written => ({ ...one, value: Buffer.from(value) })

test('the part of a batch that cannot be read is one record with the batch as its value, and reading goes on behind it', async () => {
  const good = await batch(0, [named('a'), named('b')])
  const bad = await batch(2, [named('c'), named('d')], { attributes: 2 })
  const after = await batch(4, [named('e')])
  const read = await decode(fetched(Buffer.concat([good, bad, after])), 0)
  expect(read.thrown).toBeUndefined()
  expect(read.records.map(({ offset }) => offset)).toEqual([0, 1, 2, 4])
  expect(read.records[2]).toMatchObject({
    key: null,
    value: bad,
    headers: [],
    timestamp: BASE_TIME,
    error: {
      code: 'DECODE_FAILED',
      topic: 't',
      partition: 3,
      offset: 2,
      nextOffset: 4,
      message: expect.stringContaining(
        'offsets 2 to 3 of partition 3 of "t" cannot be read: the batch is not valid snappy data',
      ),
    },
  })
  expect(read.nextOffset).toBe(5)
})

test('an error names the batch that cannot be read, and the reason', async () => {
  const refusal = async (buffer: Buffer) => {
    const { records } = await decode(fetched(buffer), 4)
    expect(records).toHaveLength(1)
    const error = records[0]?.error
    return [error?.code, error?.message]
  }
  const old = await batch(4, [one])
  old[16] = 1
  expect(await refusal(old)).toEqual(['UNSUPPORTED', expect.stringContaining('message format 1')])
  const unknown = await batch(4, [one], { attributes: 5 })
  expect(await refusal(unknown)).toEqual(['UNSUPPORTED', expect.stringContaining('the unknown codec 5')])
  for (const [attributes, name] of ['gzip', 'snappy', 'lz4', 'zstd'].entries()) {
    const garbage = await batch(4, [one], { attributes: attributes + 1 })
    expect(await refusal(garbage)).toEqual(['DECODE_FAILED', expect.stringContaining(`is not valid ${name} data`)])
  }
})

test('headers are available as bytes only if the name of one is not UTF-8', async () => {
  const buffer = await batch(4, [{ ...one, headers: [['name', Buffer.from('v')]] }, one])
  buffer[buffer.indexOf('name')] = 0xff
  const { parts, records } = await decode(fetched(buffer), 4)
  expect(records.map(({ headers }) => headers)).toEqual([undefined, []])
  const section = Buffer.concat([Buffer.from([2, 8, 0xff]), Buffer.from('ame'), Buffer.from([2]), Buffer.from('v')])
  expect(section.equals(parts[0]?.headerBytes?.(0) ?? Buffer.alloc(0))).toBe(true)
})

test('timestamps are added with 64 bits, as in Java', async () => {
  const buffer = await batch(0, [one, { ...one, timestampDelta: 10 }, { ...one, timestampDelta: -(2 ** 60) }])
  const timesFrom = async (base: bigint) => {
    buffer.writeBigInt64BE(base, 27)
    return (await decode(fetched(buffer), 0)).records.map(({ timestamp }) => timestamp)
  }
  expect(await timesFrom(2n ** 63n - 1n)).toEqual([2n ** 63n - 1n, -(2n ** 63n) + 9n, 2n ** 63n - 1n - 2n ** 60n])
  expect(await timesFrom(2n ** 53n + 1n)).toEqual([2n ** 53n + 1n, 2n ** 53n + 11n, 2n ** 53n + 1n - 2n ** 60n])
  expect(await timesFrom(2n ** 53n - 5n)).toEqual([2 ** 53 - 5, 2n ** 53n + 5n, 2n ** 53n - 5n - 2n ** 60n])
  expect(await timesFrom(2n ** 60n + 1n)).toEqual([2n ** 60n + 1n, 2n ** 60n + 11n, 1])
  expect(await timesFrom(-1n)).toEqual([-1, 9, -1n - 2n ** 60n])
})

/** A batch whose records are these bytes. */
async function withRecords(firstOffset: number, count: number, records: Uint8Array): Promise<Buffer> {
  const header = (await batch(firstOffset, [one])).subarray(0, 61)
  const whole = Buffer.concat([header, records])
  whole.writeInt32BE(whole.length - 12, 8)
  whole.writeInt32BE(Math.max(0, count - 1), 23)
  whole.writeInt32BE(count, 57)
  return whole
}

/** Size, attributes, time, offset, key of one byte, value of one byte, no headers. */
const record = (offset: number, letter: string) => [16, 0, 0, offset * 2, 2, 107, 2, letter.charCodeAt(0), 0]

test.each<[string, number, number[], string]>([
  ['a negative size', 2, [...record(0, 'a'), 1, 0, 0, 2, 1, 1, 0], 'its size of -1 bytes is not there'],
  ['a size beyond the batch', 2, [...record(0, 'a'), 126, 0, 0, 2, 1, 1, 0], 'its size of 63 bytes is not there'],
  [
    'a key that reaches into the next record',
    2,
    [...record(0, 'a'), 16, 0, 0, 2, 10, 107, 2, 98, 0],
    'reach beyond its end',
  ],
  ['a value that reaches beyond the batch', 2, [...record(0, 'a'), 16, 0, 0, 2, 2, 107, 126, 98, 0], 'reach'],
  ['an offset for the second time', 2, [...record(0, 'a'), ...record(0, 'b')], 'its offset is 4'],
  ['an offset of the next batch', 2, [...record(0, 'a'), ...record(2, 'b')], 'its offset is 6'],
  ['an integer that does not end', 2, [...record(0, 'a'), 255, 255, 255, 255, 255, 255], 'longer than 32 bits'],
  ['fewer records than it says', 2, record(0, 'a'), 'is not there'],
])('a batch with %s: the records before it are read, and those of the next batch', async (_, count, bytes, why) => {
  const bad = await withRecords(4, count, Buffer.from(bytes))
  const log = Buffer.concat([await batch(3, [named('before')]), bad, await batch(4 + count, [named('after')])])
  const read = await decode(fetched(log), 3)
  expect(values({ records: read.records.filter(({ error }) => !error) })).toEqual(['before', 'a', 'after'])
  const failed = read.records[2]
  expect(failed).toMatchObject({ offset: 5, value: bad })
  expect(failed?.error).toMatchObject({ code: 'DECODE_FAILED', offset: 5, nextOffset: 4 + count })
  expect(failed?.error?.message).toContain(why)
})

test('in a batch with fewer offsets than records, the last record that has an offset fails', async () => {
  const two = Buffer.from([...record(0, 'a'), ...record(1, 'b')])
  const more = await decode(fetched(Buffer.concat([await withRecords(4, 1, two), await batch(5, [one])])), 4)
  expect(more.records).toMatchObject([
    { offset: 4, error: { nextOffset: 5, message: expect.stringContaining('holds 1 records, and 9 bytes follow') } },
    { offset: 5, error: undefined },
  ])
  const full = await withRecords(4, 2, two)
  full.writeInt32BE(200, 57)
  const less = await decode(fetched(Buffer.concat([full, await batch(6, [one])])), 4)
  expect(less.records).toMatchObject([
    { offset: 4, error: undefined },
    {
      offset: 5,
      error: { nextOffset: 6, message: expect.stringContaining('record 2 of the batch (from 0) is broken') },
    },
    { offset: 6, error: undefined },
  ])
})

test('a batch with records that states none, or a negative count, is not skipped', async () => {
  for (const count of [0, -1, -2_147_483_648]) {
    const read = await decode(fetched(await withRecords(4, count, Buffer.from(record(0, 'a')))), 4)
    expect(read.records).toMatchObject([{ offset: 4, error: { code: 'DECODE_FAILED', nextOffset: 5 } }])
  }
})

test('bytes behind the end of a record are not read as its headers', async () => {
  // One header with a name of one byte and a value that would reach into the second record.
  const first = [22, 0, 0, 0, 2, 107, 2, 97, 2, 2, 104, 20]
  const read = await decode(fetched(await withRecords(4, 2, Buffer.from([...first, ...record(1, 'b')]))), 4)
  expect(read.records.map(({ headers }) => headers)).toEqual([undefined, []])
  expect(read.parts[0]?.headerBytes?.(0)).toEqual(Buffer.from([2, 2, 104, 20]))
})

test('a batch with an impossible length ends the partition after the batches before it, with an error that names it', async () => {
  const good = await batch(4, [named('a')])
  for (const [length, next] of [
    [-12, 5],
    [-200, 5],
    [0, 5],
    [48, 5],
  ] as const) {
    const bad = await batch(next, [named('b')])
    bad.writeInt32BE(length, 8)
    const read = await decode(fetched(Buffer.concat([good, bad, good])), 4)
    expect(values(read)).toEqual(['a'])
    expect(read.thrown).toMatchObject({ code: 'KAFKA_FAILED', topic: 't', partition: 3, offset: 5 })
  }
})

test('batches whose offsets do not rise end the partition with an error that names it', async () => {
  const good = await batch(4, [named('a'), named('b')])
  const shapes: [number, number | undefined][] = [
    [5, undefined],
    [0, undefined],
    [-1, undefined],
    [6, -1],
    [6, -2_147_483_648],
  ]
  for (const [base, lastOffsetDelta] of shapes) {
    const bad = await batch(base, [named('c')])
    if (lastOffsetDelta !== undefined) bad.writeInt32BE(lastOffsetDelta, 23)
    const read = await decode(fetched(Buffer.concat([good, bad])), 4)
    expect(values(read)).toEqual(['a', 'b'])
    expect(read.thrown).toMatchObject({ code: 'KAFKA_FAILED', offset: 6 })
  }
  const huge = await batch(4, [named('c')])
  huge.writeBigInt64BE(2n ** 62n, 0)
  expect((await decode(fetched(huge), 4)).thrown).toMatchObject({ code: 'KAFKA_FAILED', offset: 4 })
})

test('an answer without the requested offset is an error', async () => {
  const before = await decode(fetched(await batch(1, [one, one])), 4)
  expect(before).toMatchObject({ records: [], thrown: { code: 'KAFKA_FAILED', offset: 4 } })
  const half = await decode(fetched((await batch(4, [one])).subarray(0, 65)), 4)
  expect(half.thrown).toMatchObject({ code: 'KAFKA_FAILED', message: expect.stringContaining('not a whole batch') })
})

test('records come in parts of a bounded size, whose positions follow each other', async () => {
  const many = Array.from({ length: 40_000 }, () => one)
  for (const compression of [0, 1]) {
    const log = Buffer.concat([await batch(7, many, { compression }), await batch(40_007, [named('last')])])
    const read = await decode(fetched(log), 9)
    expect(read.parts.map(({ length, nextOffset }) => [length, nextOffset])).toEqual([
      [16_384, 16_393],
      [16_384, 32_777],
      [7231, 40_008],
    ])
    expect(read.records.map(({ offset }) => offset)).toEqual(Array.from({ length: 39_999 }, (_, i) => i + 9))
  }
})

test('a batch beyond the limit is not decompressed, whatever the codec, and reading goes on', async () => {
  const encode = recordBatchEncoder({ crc32c })
  const value = new Uint8Array(12 << 20)
  for (const compression of COMPRESSIONS.slice(1)) {
    const large = await encode([{ key: null, value, headers: [], timestamp: 5 }], { compression, firstSequence: -1 })
    const log = Buffer.concat([large, await batch(1, [named('after')])])
    const read = await decode(fetched(log), 0, decompressionRoom(10 << 20))
    expect(read.records).toMatchObject([
      {
        offset: 0,
        error: {
          code: 'DECODE_FAILED',
          message: expect.stringContaining(`${compression} and would take more than maxDecompressedBytes (10485760)`),
        },
      },
      { offset: 1, error: undefined },
    ])
    expect((await decode(fetched(log), 0, decompressionRoom(13 << 20))).records[0]?.error).toBeUndefined()
  }
})

test('large batches of several partitions share the room, and each gets its turn', async () => {
  const encode = recordBatchEncoder({ crc32c })
  const value = new Uint8Array(12 << 20)
  const large = await encode([{ key: null, value, headers: [], timestamp: 5 }], {
    compression: 'zstd',
    firstSequence: -1,
  })
  const room = decompressionRoom(20 << 20)
  const readers = [1, 2, 3].map(() => partitionReader(fetched(large), 0, END_OFFSET, room))
  const turns: unknown[] = []
  const all = readers.map(async (reader, i) => {
    const part = await reader.next()
    turns.push(i)
    return part
  })
  const first = await all[0]
  // The delivered part holds the room, even if no more parts follow.
  expect(await readers[0]?.next()).toBeUndefined()
  // A reader that is closed lets the others go on.
  readers[1]?.close()
  turns.push('released')
  first?.release?.()
  expect((await all[2])?.length).toBe(1)
  expect(await all[1]).toBeUndefined()
  expect(turns.slice(0, 2)).toEqual([0, 'released'])
})

test('a large batch that is broken from its first record on gives back its room', async () => {
  const encode = recordBatchEncoder({ crc32c })
  const record = { key: null, value: new Uint8Array(1), headers: [], timestamp: 5 }
  const made = await encode([record], { compression: 'gzip', firstSequence: -1 })
  const broken = Buffer.concat([made.subarray(0, 61), gzipSync(Buffer.alloc(12 << 20, 1))])
  broken.writeInt32BE(broken.length - 12, 8)
  const room = decompressionRoom(13 << 20)
  const read = await decode(fetched(broken), 0, room)
  expect(read.records).toMatchObject([{ offset: 0, error: { code: 'DECODE_FAILED' } }])
  await room.take(room.limit)
})

test('a delivered part can be garbage-collected while others are still to come', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const encode = recordBatchEncoder({ crc32c })
  const options = { compression: 'gzip', firstSequence: -1 } as const
  const value = new Uint8Array(12 << 20)
  const large = async (offset: number) => {
    const made = await encode([{ key: null, value, headers: [], timestamp: 5 }], options)
    made.writeBigInt64BE(BigInt(offset))
    return made
  }
  const room = decompressionRoom(1 << 27)
  const log = Buffer.concat([await large(0), await large(1)])
  const reader = partitionReader(fetched(log), 0, END_OFFSET, room)
  const memoryOfNext = async () => {
    const part = await reader.next()
    part?.release?.()
    return new WeakRef(part?.value(0)?.buffer ?? {})
  }
  const memory = await memoryOfNext()
  expect((await reader.next())?.offset(0)).toBe(1)
  await expect
    .poll(() => {
      collect()
      return memory.deref()
    })
    .toBeUndefined()
  expect(await reader.next()).toBeUndefined()
})
