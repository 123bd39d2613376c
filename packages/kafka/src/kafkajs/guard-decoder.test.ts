import { createRequire } from 'node:module'
import { beforeAll, describe, expect, test } from 'vitest'
import { guardDecoder } from './guard-decoder.ts'
import type { KafkaDecoder } from './guard-decoder.ts'
import { internals } from './internals.ts'
import type { Internals } from './internals.ts'

const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder.js') as {
  new (bytes: Buffer): KafkaDecoder
  prototype: KafkaDecoder
}

let kafkajs: Internals
beforeAll(async () => {
  kafkajs = await internals()
})

test('the methods that are guarded are there, and are guarded once', () => {
  const { readArray } = Decoder.prototype
  expect(String(readArray)).toContain('expect')
  guardDecoder(Decoder)
  expect(Decoder.prototype.readArray).toBe(readArray)
})

describe('a size that an answer does not have', () => {
  const int16 = (value: number) => Buffer.from([value >> 8, value])
  const int32 = (value: number) => Buffer.from([value >> 24, value >> 16, value >> 8, value])
  const item = (decoder: KafkaDecoder) => decoder.readString()

  test.each([-2, 1, 2 ** 24, 2 ** 31 - 1])('of %d is refused', async (size) => {
    expect(() => new Decoder(int32(size)).readArray(item)).toThrow(`announces ${size}`)
    await expect(new Decoder(int32(size)).readArrayAsync(item)).rejects.toThrow(`announces ${size}`)
    expect(() => new Decoder(int32(size)).readBytes()).toThrow(`announces ${size}`)
    expect(() => new Decoder(Buffer.alloc(0)).readBytes(size)).toThrow(`announces ${size}`)
  })

  test.each([-2, 1, 32_767, -32_768])('of %d is refused for a text', (size) => {
    expect(() => new Decoder(int16(size)).readString()).toThrow(`announces ${size}`)
  })

  test('and sizes that it has are taken', async () => {
    expect(new Decoder(int32(-1)).readBytes()).toBeNull()
    expect(new Decoder(int16(-1)).readString()).toBeNull()
    expect(new Decoder(int32(0)).readArray(item)).toEqual([])
    const texts = Buffer.concat([int32(2), int16(1), Buffer.from('a'), int16(0)])
    expect(new Decoder(texts).readArray(item)).toEqual(['a', ''])
    expect(await new Decoder(texts).readArrayAsync(item)).toEqual(['a', ''])
    expect(new Decoder(Buffer.from('abc')).readBytes(2)).toEqual(Buffer.from('ab'))
  })
})

test('forty bytes take no memory', async () => {
  const answer = Buffer.from('000000000100017400000100000000000000000001000174000000010000000000ff', 'hex')
  const { response } = kafkajs.requests['ListOffsets']!.protocol({ version: 3 })({ isolationLevel: 0, topics: [] })
  const before = process.memoryUsage().heapTotal
  await expect(response.decode(answer)).rejects.toThrow('announces')
  expect(process.memoryUsage().heapTotal - before).toBeLessThan(50_000_000)
})
