import { setImmediate } from 'node:timers/promises'
import { THREAD_BYTES } from './compression-codec.ts'
import type { CompressionCodec } from './compression-codec.ts'

/** The functions of the package `snappy`, which handles blocks without Java's frame around them. */
interface RawSnappy {
  compress(bytes: Uint8Array): Promise<Uint8Array>
  uncompress(bytes: Uint8Array, options: { readonly asBuffer: true }): Promise<Uint8Array | string>
  uncompressSync(bytes: Uint8Array, options: { readonly asBuffer: true }): Uint8Array | string
}

/** The first bytes of Java's snappy-xerial: its name, its version, and the oldest version that reads it. */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
/** Raw snappy cannot start with the bytes of the name. */
const MAGIC_NAME_BYTES = 8
const BLOCK_BYTES = 64 * 1024
/** The most bytes that one byte of snappy can become: three bytes become 64. */
const MOST_PER_BYTE = 22
const MOST_LENGTH_BYTES = 5
/** The number of blocks after which other work gets its turn. A batch may have a block for every five bytes. */
const BLOCKS_BETWEEN_TURNS = 20_000

/** Snappy in Kafka's format: a header, then blocks with their lengths. It also reads one raw block, as some clients write it. */
export function xerialSnappy(snappy: RawSnappy): CompressionCodec {
  return {
    async compress(bytes) {
      const starts = Array.from({ length: Math.ceil(bytes.length / BLOCK_BYTES) }, (_, i) => i * BLOCK_BYTES)
      const blocks = await Promise.all(
        starts.map((start) => snappy.compress(bytes.subarray(start, start + BLOCK_BYTES))),
      )
      return Buffer.concat([MAGIC, ...blocks.flatMap((block) => [lengthOf(block), block])])
    },
    expectedSize(bytes) {
      let total = 0
      let blocks = 0
      for (const { size } of blocksOf(bytes)) {
        total += size
        // A second pass over more blocks would take too long.
        if (++blocks === BLOCKS_BETWEEN_TURNS) return bytes.length * MOST_PER_BYTE
      }
      return Math.min(total, bytes.length * MOST_PER_BYTE)
    },
    async decompress(bytes, limit) {
      const { block, size } = hasFrame(bytes) ? await joined(bytes) : { block: bytes, size: sizeAt(bytes, 0).size }
      if (size > bytes.length * MOST_PER_BYTE) throw new RangeError(`${bytes.length} bytes of snappy cannot be ${size}`)
      if (size > limit) return undefined
      const uncompress = size > THREAD_BYTES ? snappy.uncompressSync : snappy.uncompress
      const plain = await uncompress(block, { asBuffer: true })
      return typeof plain === 'string' ? Buffer.from(plain) : plain
    },
  }
}

interface Block {
  /** The decompressed size, as snappy states it at the start of a block. */
  readonly size: number
  /** The positions where the compressed bytes begin and end. */
  readonly start: number
  readonly end: number
}

function hasFrame(bytes: Buffer): boolean {
  return bytes.compare(MAGIC, 0, MAGIC_NAME_BYTES, 0, Math.min(MAGIC_NAME_BYTES, bytes.length)) === 0
}

function* blocksOf(bytes: Buffer): Generator<Block> {
  if (!hasFrame(bytes)) {
    yield sizeAt(bytes, 0)
    return
  }
  for (let at = MAGIC.length; at < bytes.length;) {
    const start = at + 4
    const end = start > bytes.length ? Infinity : start + bytes.readInt32BE(at)
    if (end < start || end > bytes.length) throw new RangeError('a block of snappy reaches beyond its end')
    yield sizeAt(bytes, start, end)
    at = end
  }
}

function sizeAt(bytes: Buffer, at: number, end = bytes.length): Block {
  let size = 0
  let factor = 1
  for (let start = at; start < Math.min(end, at + MOST_LENGTH_BYTES);) {
    const byte = bytes[start++] ?? 0
    size += (byte & 0x7f) * factor
    factor *= 128
    if (byte < 0x80) return { size, start, end }
  }
  throw new RangeError('a block of snappy does not state its size')
}

/**
 * Joins all blocks into one, so that one call decompresses them, however small they are. Copies within snappy name their source
 * by its distance, so that only the sizes at the start have to be joined.
 */
async function joined(bytes: Buffer): Promise<{ readonly block: Buffer; readonly size: number }> {
  const joint = Buffer.allocUnsafeSlow(bytes.length)
  let to = MOST_LENGTH_BYTES
  let size = 0
  let blocks = 0
  for (const { size: more, start, end } of blocksOf(bytes)) {
    size += more
    to += bytes.copy(joint, to, start, end)
    if (++blocks % BLOCKS_BETWEEN_TURNS === 0) await setImmediate()
  }
  // The size may not fit. Then the block is too large to be decompressed anyway.
  const front = varint(Math.min(size, 0xffff_ffff))
  const from = MOST_LENGTH_BYTES - front.length
  joint.set(front, from)
  return { block: joint.subarray(from, to), size }
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return [...bytes, rest]
}

function lengthOf(block: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(block.length)
  return length
}
