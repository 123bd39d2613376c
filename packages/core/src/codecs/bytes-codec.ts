import type { SyncCodec } from './codec.ts'
import { isA } from '../describe.ts'
import { expectUsage } from '../error.ts'

/** Bytes as they are, neither copied nor checked. Rejects with `ENCODE_FAILED` for a value that is not a Uint8Array. */
export function BytesCodec(): SyncCodec<Uint8Array> {
  return {
    encode(value) {
      expectUsage(isA(value, Uint8Array), 'what BytesCodec() takes', 'a Uint8Array', value, 'ENCODE_FAILED')
      return value
    },
    decode: (bytes) => bytes,
  }
}
