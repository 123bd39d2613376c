import type { SyncCodec, TextCodec } from './codec.ts'
import { describe } from '../describe.ts'
import { SnapstreamError } from '../error.ts'

/**
 * Strings as UTF-8, the default of topics. It replaces no characters: it throws `DECODE_FAILED` for bytes that are not UTF-8,
 * and `ENCODE_FAILED` for a value that is not a string or has a lone surrogate, which UTF-8 cannot carry.
 */
export function StringCodec(): SyncCodec<string> {
  const encoder = new TextEncoder()
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const text: TextCodec<string> = {
    encode(value) {
      if (typeof value !== 'string')
        throw new SnapstreamError(
          'ENCODE_FAILED',
          `StringCodec() encodes strings, got ${describe(value)}; write a string, or use another codec`,
        )
      if (!value.isWellFormed())
        throw new SnapstreamError(
          'ENCODE_FAILED',
          `StringCodec() cannot encode ${describe(value)}: UTF-8 has no lone surrogates; write bytes, with BytesCodec()`,
        )
      return value
    },
    decode: (value) => value,
  }
  const codec: SyncCodec<string> = {
    encode: (value) => encoder.encode(text.encode(value)),
    decode(bytes) {
      try {
        return decoder.decode(bytes)
      } catch (cause) {
        throw new SnapstreamError('DECODE_FAILED', `${bytes.length} bytes are not UTF-8; use BytesCodec()`, { cause })
      }
    },
  }
  return Object.defineProperty(codec, '~snapstream.text', { value: text })
}
