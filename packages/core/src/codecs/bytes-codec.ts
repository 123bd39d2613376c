import type { SyncCodec } from './codec.ts'
import { isA } from '../describe.ts'
import { expectUsage } from '../error.ts'

/** Passes bytes through without copying or checking them. Throws `ENCODE_FAILED` for a value that is not a Uint8Array. */
export function BytesCodec(): SyncCodec<Uint8Array> {
  return {
    encode(value) {
      expectUsage(isA(value, Uint8Array), 'what BytesCodec() takes', 'a Uint8Array', value, 'ENCODE_FAILED')
      return value
    },
    decode: (bytes) => bytes,
  }
}
