/** Splits a stream of bytes into frames with a length prefix (int32). */
interface FrameReader {
  /** Calls `onFrame` with each complete frame, without its length. Throws for an invalid length, and cannot be used afterwards. */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void
  /** The largest frame, in bytes. */
  limitBytes: number
}

const LENGTH_BYTES = 4
/** The smallest frame: a correlation id. */
const SHORTEST_BYTES = 4
/** The memory that is allocated for a frame before its bytes arrive: a large length alone must not cost memory. */
const FIRST_BYTES = 4 << 20

/** Makes a reader. Its memory grows with the bytes that arrive, up to one frame. A frame in one chunk is not copied. */
export function frameReader(limitBytes: number): FrameReader {
  /** The incomplete frame with its length prefix. */
  let partial: Buffer | undefined
  let filled = 0
  /** The length of that frame with its prefix; the length of the prefix until the prefix is complete. */
  let needed = LENGTH_BYTES

  function frameLength(bytes: Buffer, at: number): number {
    const length = bytes.readInt32BE(at)
    if (length >= SHORTEST_BYTES && length <= reader.limitBytes) return length
    throw new FrameError(length, reader.limitBytes, bytes.subarray(at, at + 64))
  }

  /** Adds bytes to the incomplete frame. Returns the number of bytes that it took. */
  function append(chunk: Buffer): number {
    const taken = Math.min(needed - filled, chunk.length)
    if (!partial || filled + taken > partial.length) {
      const size = Math.max(filled + taken, Math.min(needed, Math.max(FIRST_BYTES, 2 * filled)))
      const larger = Buffer.allocUnsafe(size)
      partial?.copy(larger, 0, 0, filled)
      partial = larger
    }
    chunk.copy(partial, filled, 0, taken)
    filled += taken
    return taken
  }

  const reader: FrameReader = {
    limitBytes,
    push(chunk, onFrame) {
      let rest = chunk
      while (rest.length > 0) {
        if (filled === 0 && rest.length >= LENGTH_BYTES) {
          const end = LENGTH_BYTES + frameLength(rest, 0)
          if (rest.length >= end) {
            onFrame(rest.subarray(LENGTH_BYTES, end))
            rest = rest.subarray(end)
            continue
          }
          needed = end
        }
        rest = rest.subarray(append(rest))
        if (!partial || filled < needed) continue
        if (needed === LENGTH_BYTES) {
          needed += frameLength(partial, 0)
          continue
        }
        const frame = partial.subarray(LENGTH_BYTES, needed)
        partial = undefined
        filled = 0
        needed = LENGTH_BYTES
        onFrame(frame)
      }
    },
  }
  return reader
}

/** The error for an invalid length of a frame. */
export class FrameError extends Error {
  constructor(length: number, limitBytes: number, start: Buffer) {
    super(
      looksLike(start) ??
        (length < SHORTEST_BYTES
          ? `it sent a frame of ${length} bytes; a frame has at least ${SHORTEST_BYTES}`
          : `it sent a frame of ${length} bytes, and receiveMaxBytes is ${limitBytes}; raise receiveMaxBytes if batches may be that large`),
    )
    this.name = 'FrameError'
  }
}

/** Recognises servers of other protocols by their first bytes. */
function looksLike(start: Buffer): string | undefined {
  // A record of TLS: its type, and the major version.
  if (start[0] !== undefined && start[0] >= 0x14 && start[0] <= 0x17 && start[1] === 3)
    return "it answers in TLS; set securityProtocol to 'ssl' or 'sasl_ssl'"
  if (start.toString('latin1').startsWith('HTTP/')) return 'it answers in HTTP; this is not the port of a Kafka broker'
  return undefined
}
