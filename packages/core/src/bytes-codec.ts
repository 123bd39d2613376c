import type { SyncCodec } from './codec.ts'
import { SnapstreamError, describe, isA } from './error.ts'

/** Bytes as they are, neither copied nor checked. Rejects with `ENCODE_FAILED` for a value that is not a Uint8Array. */
export function BytesCodec(): SyncCodec<Uint8Array> {
  return {
    encode(value) {
      if (isA(value, Uint8Array)) return value
      throw new SnapstreamError('ENCODE_FAILED', `BytesCodec takes a Uint8Array, got ${describe(value)}`)
    },
    decode: (bytes) => bytes,
  }
}
