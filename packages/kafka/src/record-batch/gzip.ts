import { crc32, inflateRaw } from 'node:zlib'

/** The most bytes that one byte of deflate can become. */
const MOST_PER_BYTE = 1032
const LARGEST_CHUNK_BYTES = 1 << 20
/** Magic, method, flags, time, extra flags and operating system. */
const HEADER_BYTES = 10
const TRAILER_BYTES = 8
const [HAS_HEADER_CRC, HAS_EXTRA, HAS_NAME, HAS_COMMENT] = [2, 4, 8, 16]

/** The size that the trailer states, up to the most that deflate allows. It is right for one member without bytes behind it. */
export function statedGzipSize(bytes: Buffer): number {
  const stated = bytes.length < TRAILER_BYTES ? 0 : bytes.readUInt32LE(bytes.length - 4)
  return Math.min(stated, bytes.length * MOST_PER_BYTE)
}

/**
 * Decompresses all members, as brokers and Java's client do, and ignores bytes behind the last one that do not begin another.
 * Resolves with undefined if the result would have more than `limit` bytes. Rejects for bytes that are not gzip.
 *
 * Node's own `gunzip` refuses bytes behind the end.
 */
export async function gunzipWithin(bytes: Buffer, limit: number): Promise<Buffer | undefined> {
  const members: Buffer[] = []
  let left = limit
  let start = memberStart(bytes, 0)
  if (start === undefined) throw new RangeError('the header of gzip is missing')
  while (start !== undefined) {
    const inflated = await inflate(bytes.subarray(start), left)
    if (inflated === undefined) return undefined
    const { buffer, consumed } = inflated
    const trailer = start + consumed
    if (trailer + TRAILER_BYTES > bytes.length) throw new RangeError('the end of gzip is missing')
    if (bytes.readUInt32LE(trailer) !== crc32(buffer)) throw new RangeError('the checksum in the gzip trailer is wrong')
    if (bytes.readUInt32LE(trailer + 4) !== buffer.length) throw new RangeError('the size in the gzip trailer is wrong')
    members.push(buffer)
    left -= buffer.length
    start = memberStart(bytes, trailer + TRAILER_BYTES)
  }
  return members.length === 1 ? members[0] : Buffer.concat(members)
}

/** The position where the compressed bytes of a member begin; undefined if no member begins here. */
function memberStart(bytes: Buffer, at: number): number | undefined {
  if (at + HEADER_BYTES > bytes.length || bytes.readUInt16BE(at) !== 0x1f8b || bytes[at + 2] !== 8) return undefined
  const flags = bytes[at + 3] ?? 0
  let start = at + HEADER_BYTES
  if (flags & HAS_EXTRA) start += 2 + (start + 2 > bytes.length ? 0 : bytes.readUInt16LE(start))
  for (const flag of [HAS_NAME, HAS_COMMENT])
    if (flags & flag) {
      const end = bytes.indexOf(0, start)
      if (end === -1) return undefined
      start = end + 1
    }
  if (flags & HAS_HEADER_CRC) start += 2
  return start > bytes.length ? undefined : start
}

function inflate(bytes: Buffer, limit: number): Promise<{ buffer: Buffer; consumed: number } | undefined> {
  const options = {
    info: true,
    maxOutputLength: Math.max(1, limit),
    // One chunk if the size is known: each chunk costs a round trip to a thread.
    chunkSize: Math.min(limit + 64, LARGEST_CHUNK_BYTES),
  }
  return new Promise((resolve, reject) => {
    inflateRaw(bytes, options, (error, result) => {
      const { code } = (error ?? {}) as { readonly code?: string }
      if (code === 'ERR_BUFFER_TOO_LARGE') return resolve(undefined)
      if (error) return reject(error)
      // The types lack `info`.
      const { buffer, engine } = result as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
      resolve(buffer.length > limit ? undefined : { buffer, consumed: engine.bytesWritten })
    })
  })
}
