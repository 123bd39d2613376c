import type { SyncCodec } from './codec.ts'
import { describe, isA } from '../describe.ts'
import { SnapstreamError } from '../error.ts'

/** Passes bytes through without copying or checking them. Throws `ENCODE_FAILED` for a value that is not a Uint8Array. */
export function BytesCodec(): SyncCodec<Uint8Array> {
  return {
    encode(value) {
      if (!isA(value, Uint8Array))
        throw new SnapstreamError(
          'ENCODE_FAILED',
          `BytesCodec() takes a Uint8Array, got ${describe(value)}; for text use StringCodec()`,
        )
      return value
    },
    decode: (bytes) => bytes,
  }
}
