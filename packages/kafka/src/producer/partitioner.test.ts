import fc from 'fast-check'
import { expect, test } from 'vitest'
import { murmur2, partitionOf } from './partitioner.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('hashes %s as Java does', (text, hash) => {
  expect(murmur2(bytes(text))).toBe(hash)
})

test('murmur2 equals its definition in 64-bit arithmetic', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (data) => {
      expect(murmur2(data)).toBe(byDefinition(data))
    }),
  )
})

test('partitionOf returns the same partition for a text and its UTF-8 bytes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 2000 }),
      fc.integer({ min: 1, max: 1000 }),
      (key, partitions) => {
        expect(partitionOf(key, partitions)).toBe(partitionOf(bytes(key), partitions))
      },
    ),
  )
})

test('partitionOf returns a partition that exists', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 1000 }), (key, partitions) => {
      const partition = partitionOf(key, partitions)
      expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true)
    }),
  )
})

/** org.apache.kafka.common.utils.Utils.murmur2, step by step, each cut to 32 bits. */
function byDefinition(data: Uint8Array): number {
  const int = (n: bigint) => BigInt.asUintN(32, n)
  const m = 0x5bd1e995n
  let h = int(0x9747b28cn ^ BigInt(data.length))
  const words = data.length >> 2
  const at = (i: number) => BigInt(data[i] ?? 0)
  for (let w = 0; w < words; w++) {
    let k = at(w * 4) + (at(w * 4 + 1) << 8n) + (at(w * 4 + 2) << 16n) + (at(w * 4 + 3) << 24n)
    k = int(k * m)
    k = int((k ^ (k >> 24n)) * m)
    h = int(h * m) ^ k
  }
  const rest = words * 4
  if (data.length % 4 >= 3) h ^= at(rest + 2) << 16n
  if (data.length % 4 >= 2) h ^= at(rest + 1) << 8n
  if (data.length % 4 >= 1) h = int((h ^ at(rest)) * m)
  h = int((h ^ (h >> 13n)) * m)
  return Number(BigInt.asIntN(32, h ^ (h >> 15n)))
}
