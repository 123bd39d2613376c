import type { SyncCodec } from './codec.ts'
import { SnapstreamError, expectUsage } from '../error.ts'

/**
 * Strings as UTF-8, the default of topics. It replaces no characters: it throws `DECODE_FAILED` for bytes that are not UTF-8,
 * and `ENCODE_FAILED` for a value that is not a string or has a lone surrogate, which UTF-8 cannot carry.
 */
export function StringCodec(): SyncCodec<string> {
  const encoder = new TextEncoder()
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return {
    encode(value) {
      expectUsage(
        typeof value === 'string' && value.isWellFormed(),
        'what StringCodec() takes',
        'a string without lone surrogates; use BytesCodec()',
        value,
        'ENCODE_FAILED',
      )
      return encoder.encode(value)
    },
    decode(bytes) {
      try {
        return decoder.decode(bytes)
      } catch (cause) {
        throw new SnapstreamError('DECODE_FAILED', `${bytes.length} bytes are not UTF-8; use BytesCodec()`, {
          cause,
        })
      }
    },
  }
}
