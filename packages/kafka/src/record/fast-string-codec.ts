import type { SyncCodec, TextCodec } from '@snapstream/core'

/**
 * The same as the codec given, which has to be core's `StringCodec`, with Node's Buffer for the encoding: it takes a third
 * of the time of TextEncoder for strings of everyday length. For decoding nothing is faster than TextDecoder.
 */
export function fastStringCodec(codec: SyncCodec<string>): SyncCodec<string> {
  const isText = (value: unknown) => typeof value === 'string' && value.isWellFormed()
  const text: TextCodec<string> = {
    encode: (value) => (isText(value) ? value : refuse(value)),
    decode: (value) => value,
  }
  /** By the codec's own words. */
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
