import { gzipSync } from 'node:zlib'
import { compressSync } from 'snappy'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { COMPRESSIONS, compressionCodec } from './compression.ts'

const LIMIT = 1 << 26
const names = COMPRESSIONS.filter((name) => name !== 'none')

describe.each(names)('%s', (name) => {
  test('a codec restores the bytes that it compressed', async () => {
    const codec = await compressionCodec(name)
    const blocks = fc.tuple(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 100 }))
    await fc.assert(
      fc.asyncProperty(blocks, async ([block, times]) => {
        const bytes = Buffer.concat(Array.from({ length: times }, () => block))
        const compressed = Buffer.from(await codec.compress(bytes))
        expect(codec.expectedSize(compressed)).toBeGreaterThanOrEqual(bytes.length)
        const plain = await codec.decompress(compressed, codec.expectedSize(compressed))
        expect(plain && bytes.equals(plain)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('a codec refuses bytes that it did not make', async () => {
    const codec = await compressionCodec(name)
    const compressed = Buffer.from(await codec.compress(Buffer.alloc(200_000, 'abc')))
    await expect(codec.decompress(Buffer.from('garbage'), LIMIT)).rejects.toBeInstanceOf(Error)
    for (let cut = 1; cut <= compressed.length; cut += cut < 40 ? 1 : 101)
      await expect(codec.decompress(compressed.subarray(0, compressed.length - cut), LIMIT)).rejects.toBeInstanceOf(
        Error,
      )
  })

  test('a codec stops at the limit', async () => {
    const codec = await compressionCodec(name)
    const compressed = Buffer.from(await codec.compress(Buffer.alloc(50_000_000)))
    expect(await codec.decompress(compressed, 49_000_000)).toBeUndefined()
    expect(await codec.decompress(compressed, 1)).toBeUndefined()
    const plain = await codec.decompress(compressed, Math.max(50_000_000, codec.expectedSize(compressed)))
    expect(plain?.length).toBe(50_000_000)
  })
})

test('reads snappy without the frame of Java', async () => {
  const codec = await compressionCodec('snappy')
  const bytes = Buffer.from('abc'.repeat(1000))
  const plain = await codec.decompress(compressSync(bytes), LIMIT)
  expect(plain && bytes.equals(plain)).toBe(true)
})

describe('gzip, as brokers and Java take it', () => {
  const member = gzipSync(Buffer.from('abc'.repeat(100)))
  const read = async (bytes: Buffer) => (await (await compressionCodec('gzip')).decompress(bytes, LIMIT))?.toString()

  test('gzip ignores bytes behind its end', async () => {
    for (const behind of [
      [1],
      [0, 0, 0],
      Array.from({ length: 100 }, (_, i) => i),
      [0x1f, 0x8b],
      [0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0],
    ])
      expect(await read(Buffer.concat([member, Buffer.from(behind)]))).toBe('abc'.repeat(100))
  })

  test('gzip may have several members with names, extra fields and comments in their headers', async () => {
    expect(await read(Buffer.concat([member, member]))).toBe('abc'.repeat(200))
    const extra = [2, 0, 9, 9]
    const text = [0x6e, 0]
    const header = Buffer.from([0x1f, 0x8b, 8, 2 + 4 + 8 + 16, 0, 0, 0, 0, 0, 3, ...extra, ...text, ...text, 0, 0])
    expect(await read(Buffer.concat([header, member.subarray(10), member]))).toBe('abc'.repeat(200))
  })

  test('gzip with another checksum or size than it states is refused', async () => {
    for (const at of [member.length - 8, member.length - 1]) {
      const changed = Buffer.from(member)
      changed[at] = (changed[at] ?? 0) ^ 1
      await expect(read(changed)).rejects.toThrow('gzip trailer is wrong')
    }
  })
})

describe('a stated size is not trusted', () => {
  test('snappy that states a larger size than it can have is refused', async () => {
    const codec = await compressionCodec('snappy')
    const lie = Buffer.from([0xff, 0xff, 0xff, 0x3f, 0])
    await expect(codec.decompress(lie, LIMIT)).rejects.toThrow('5 bytes of snappy cannot be 134217727')
    expect(codec.expectedSize(lie)).toBe(110)
  })

  test('zstd whose frame states a small size and has many blocks is not decompressed beyond the limit', async () => {
    // A frame that states a size of one byte and has 100 blocks of 128 KiB that repeat a byte.
    const blocks = Array.from({ length: 100 }, (_, i) => [(i === 99 ? 1 : 0) | 2, 0, 0x10, 97])
    const lie = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, ...blocks.flat()])
    const codec = await compressionCodec('zstd')
    expect(codec.expectedSize(lie)).toBe(100 << 17)
    const outcome = await codec.decompress(lie, (100 << 17) - 1).catch((error: Error) => error.message)
    // The package is not called at all; Node's zstd detects the wrong size.
    expect([undefined, 'Destination buffer is too small']).toContain(outcome)
  })
})

test('a hundred thousand tiny blocks of snappy do not block other work for a second', async () => {
  const codec = await compressionCodec('snappy')
  const block = [0, 0, 0, 3, 1, 0, 97]
  const bytes = Buffer.concat([
    Buffer.from(await codec.compress(Buffer.alloc(0))),
    Buffer.from(Array.from({ length: 100_000 }, () => block).flat()),
  ])
  let longest = 0
  let last = performance.now()
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 1)
  const plain = await codec.decompress(bytes, LIMIT)
  clearInterval(watch)
  expect(plain?.length).toBe(100_000)
  expect(longest).toBeLessThan(1000)
})

test('lz4 frames are written with independent blocks, as Kafka demands', async () => {
  const frame = Buffer.from(await (await compressionCodec('lz4')).compress(Buffer.alloc(300_000, 'abc')))
  expect(frame.readUInt32LE(0)).toBe(0x184d2204)
  expect((frame[4] ?? 0) & 0b1110_0000).toBe(0b0110_0000)
})

describe('without the package', () => {
  afterEach(() => vi.doUnmock('snappy'))

  test('a missing package of a codec is named, with the command that installs it', async () => {
    vi.doMock('snappy', () => {
      throw new Error('Cannot find package')
    })
    await expect(compressionCodec('snappy')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('npm install snappy'),
    })
  })
})
