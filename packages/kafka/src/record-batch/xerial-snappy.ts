import type { CompressionCodec } from './compression.ts'

/** The functions of the package `snappy`, which knows the blocks and not what Java puts around them. */
interface RawSnappy {
  compress(bytes: Uint8Array): Promise<Uint8Array>
  uncompress(bytes: Uint8Array, options: { readonly asBuffer: true }): Promise<Uint8Array | string>
}

/** What Java's snappy-xerial starts with: its name, its version, and the oldest version that reads it. */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
/** The part that makes it out: raw snappy cannot start like this. */
const MAGIC_NAME_BYTES = 8
const BLOCK_BYTES = 64 * 1024

/** Snappy as Kafka has it: blocks with their lengths, behind a header. Some clients write one raw block: that is read too. */
export function xerialSnappy(snappy: RawSnappy): CompressionCodec {
  const uncompress = async (block: Buffer) => {
    const bytes = await snappy.uncompress(block, { asBuffer: true })
    return typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  }
  return {
    async compress(bytes) {
      const starts = Array.from({ length: Math.ceil(bytes.length / BLOCK_BYTES) }, (_, i) => i * BLOCK_BYTES)
      const blocks = await Promise.all(
        starts.map((start) => snappy.compress(bytes.subarray(start, start + BLOCK_BYTES))),
      )
      return Buffer.concat([MAGIC, ...blocks.flatMap((block) => [lengthOf(block), block])])
    },
    async decompress(bytes) {
      if (bytes.compare(MAGIC, 0, MAGIC_NAME_BYTES, 0, Math.min(MAGIC_NAME_BYTES, bytes.length)) !== 0)
        return uncompress(bytes)
      return Buffer.concat(await Promise.all(blocksOf(bytes).map(uncompress)))
    },
  }
}

function blocksOf(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = []
  for (let at = MAGIC.length; at < bytes.length;) {
    const start = at + 4
    const end = start > bytes.length ? Infinity : start + bytes.readInt32BE(at)
    if (end < start || end > bytes.length) throw new RangeError('a block of snappy reaches beyond its end')
    blocks.push(bytes.subarray(start, end))
    at = end
  }
  return blocks
}

function lengthOf(block: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(block.length)
  return length
}
