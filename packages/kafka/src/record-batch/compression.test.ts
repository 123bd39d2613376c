import { compressSync } from 'snappy'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { COMPRESSIONS, compressionCodec } from './compression.ts'

const names = COMPRESSIONS.filter((name) => name !== 'none')

describe.each(names)('%s', (name) => {
  test('gives back what it was given', async () => {
    const codec = await compressionCodec(name)
    const blocks = fc.tuple(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 100 }))
    await fc.assert(
      fc.asyncProperty(blocks, async ([block, times]) => {
        const bytes = Buffer.concat(Array.from({ length: times }, () => block))
        const compressed = await codec.compress(bytes)
        expect(bytes.equals(await codec.decompress(Buffer.from(compressed)))).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('refuses what is no compressed content', async () => {
    const codec = await compressionCodec(name)
    const compressed = Buffer.from(await codec.compress(Buffer.alloc(200_000, 'abc')))
    await expect(codec.decompress(Buffer.from('garbage'))).rejects.toBeInstanceOf(Error)
    await expect(codec.decompress(compressed.subarray(0, compressed.length - 8))).rejects.toBeInstanceOf(Error)
  })
})

test('reads snappy without the frame of Java', async () => {
  const codec = await compressionCodec('snappy')
  const bytes = Buffer.from('abc'.repeat(1000))
  expect(bytes.equals(await codec.decompress(compressSync(bytes)))).toBe(true)
})

test('writes lz4 frames whose blocks do not depend on each other, as Kafka demands', async () => {
  const frame = Buffer.from(await (await compressionCodec('lz4')).compress(Buffer.alloc(300_000, 'abc')))
  expect(frame.readUInt32LE(0)).toBe(0x184d2204)
  expect((frame[4] ?? 0) & 0b1110_0000).toBe(0b0110_0000)
})

describe('without the package', () => {
  afterEach(() => vi.doUnmock('snappy'))

  test('names what to install', async () => {
    vi.doMock('snappy', () => {
      throw new Error('Cannot find package')
    })
    await expect(compressionCodec('snappy')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('npm install snappy'),
    })
  })
})
