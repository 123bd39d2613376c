const MAGIC = 0x184d2204
const [HAS_DICTIONARY, HAS_CONTENT_CHECKSUM, HAS_CONTENT_SIZE, HAS_BLOCK_CHECKSUMS] = [1, 4, 8, 16]
const IS_PLAIN = 0x8000_0000
/** The most bytes that one byte of lz4 can become. */
const MOST_PER_BYTE = 255
/** The largest size of a block, by the number in the header. */
const BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22 }

/**
 * Finds the end of an lz4 frame, and its largest possible size after decompression. Throws for an incomplete or invalid frame.
 */
export function lz4Frame(bytes: Buffer): { readonly end: number; readonly maxSize: number } {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('the header of lz4 is missing')
  const flags = bytes[4] ?? 0
  const blockBytes = BLOCK_BYTES[((bytes[5] ?? 0) >> 4) & 7]
  if (blockBytes === undefined) throw new RangeError('lz4 states a size of blocks that does not exist')
  let at = 7 + (flags & HAS_CONTENT_SIZE ? 8 : 0) + (flags & HAS_DICTIONARY ? 4 : 0)
  let maxSize = 0
  for (;;) {
    if (at + 4 > bytes.length) throw new RangeError('the end of lz4 is missing')
    const stated = bytes.readUInt32LE(at)
    at += 4
    if (stated === 0) break
    const isPlain = stated >= IS_PLAIN
    const size = isPlain ? stated - IS_PLAIN : stated
    maxSize += Math.min(blockBytes, isPlain ? size : size * MOST_PER_BYTE)
    at += size + (flags & HAS_BLOCK_CHECKSUMS ? 4 : 0)
  }
  const end = at + (flags & HAS_CONTENT_CHECKSUM ? 4 : 0)
  if (end > bytes.length) throw new RangeError('the end of lz4 is missing')
  return { end, maxSize }
}
