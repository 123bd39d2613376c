import type { SyncCodec } from '@snapstream/core'

/**
 * The same as the codec given, which has to be core's `StringCodec`, with Node's Buffer for the encoding: it takes a third
 * of the time of TextEncoder for strings of everyday length. For decoding nothing is faster than TextDecoder.
 */
export function fastStringCodec(codec: SyncCodec<string>): SyncCodec<string> {
  return {
    encode: (value) =>
      typeof value === 'string' && value.isWellFormed() ? Buffer.from(value, 'utf8') : codec.encode(value),
    decode: (bytes) => codec.decode(bytes),
  }
}
