import type { SyncCodec, TextCodec } from '@snapstream/core'

/**
 * Core's `StringCodec` with Node's Buffer for encoding, which takes a third of the time of TextEncoder for short strings.
 * Decoding uses TextDecoder, which is the fastest.
 *
 * @param codec must be core's `StringCodec`
 */
export function fastStringCodec(codec: SyncCodec<string>): SyncCodec<string> {
  const isText = (value: unknown) => typeof value === 'string' && value.isWellFormed()
  const text: TextCodec<string> = {
    encode: (value) => (isText(value) ? value : refuse(value)),
    decode: (value) => value,
  }
  /** Throws the codec's own error. */
  function refuse(value: string): never {
    codec.encode(value)
    throw new TypeError('StringCodec() took a string that is not well-formed')
  }
  return {
    encode: (value) => (isText(value) ? Buffer.from(value, 'utf8') : codec.encode(value)),
    decode: (bytes) => codec.decode(bytes),
    '~snapstream.text': text,
  }
}
