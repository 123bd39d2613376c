const MAGIC = 0xfd2f_b528
const SKIPPABLE_MAGIC = 0x184d_2a50
const [IS_SINGLE_SEGMENT, HAS_CHECKSUM] = [32, 4]
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const
const LARGEST_BLOCK_BYTES = 1 << 17
const BLOCK_HEADER_BYTES = 3
const [PLAIN, REPEATED, COMPRESSED] = [0, 1, 2]

/**
 * The largest possible size of zstd frames after decompression, from the headers of their blocks. A compressed block does not
 * state its size, and counts as full. The size in the header of a frame is not trusted. Throws for an incomplete or invalid
 * frame.
 */
export function maxZstdSize(bytes: Buffer): number {
  let maxSize = 0
  let at = 0
  const need = (end: number): void => {
    if (end > bytes.length) throw new RangeError('the end of zstd is missing')
  }
  do {
    need(at + 5)
    const magic = bytes.readUInt32LE(at)
    if (magic >= SKIPPABLE_MAGIC && magic < SKIPPABLE_MAGIC + 16) {
      need(at + 8)
      at += 8 + bytes.readUInt32LE(at + 4)
      continue
    }
    if (magic !== MAGIC) throw new RangeError('the header of zstd is missing')
    const flags = bytes[at + 4] ?? 0
    const isSingle = (flags & IS_SINGLE_SEGMENT) !== 0
    const sizeBytes = CONTENT_SIZE_BYTES[flags >> 6] || (isSingle ? 1 : 0)
    at += 5
    const window = bytes[at] ?? 0
    // In a single segment the window is the content, whose stated size is not trusted.
    const windowBytes = isSingle ? Infinity : 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8)
    const blockBytes = Math.min(windowBytes, LARGEST_BLOCK_BYTES)
    at += (isSingle ? 0 : 1) + (DICTIONARY_ID_BYTES[flags & 3] ?? 0) + sizeBytes
    for (let isLast = false; !isLast;) {
      need(at + BLOCK_HEADER_BYTES)
      const header = bytes.readUIntLE(at, BLOCK_HEADER_BYTES)
      const size = header >> 3
      const kind = (header >> 1) & 3
      isLast = (header & 1) === 1
      at += BLOCK_HEADER_BYTES + (kind === REPEATED ? 1 : size)
      if (kind > COMPRESSED) throw new RangeError('a block of zstd is of a kind that does not exist')
      maxSize += kind === PLAIN || kind === REPEATED ? Math.min(size, blockBytes) : blockBytes
    }
    at += flags & HAS_CHECKSUM ? 4 : 0
  } while (at < bytes.length)
  need(at)
  return maxSize
}
