import type { MaybePromise } from '../protocol.ts'

/** The place that the bytes come from or go to, for codecs that depend on it (a schema registry names subjects by topic). */
export interface CodecContext {
  /** The name of the topic. */
  readonly topic: string
  /** The part of the record. */
  readonly part: 'key' | 'value'
}

/**
 * Turns values into bytes and back. Its functions may return promises; a result that is not a promise is used at once.
 */
export interface Codec<T> {
  /** The bytes of a value. Throws or rejects for a value that the codec does not accept. */
  encode(value: T, context?: CodecContext): MaybePromise<Uint8Array>
  /** The value of bytes. Throws or rejects for bytes that the codec cannot read. */
  decode(bytes: Uint8Array, context?: CodecContext): MaybePromise<T>
  /**
   * For codecs whose bytes are UTF-8: the same conversion to and from text, for callers that encode text straight into their
   * own buffer. Not enumerable, so that a codec made by spreading another one does not inherit it by accident.
   */
  readonly '~snapstream.text'?: TextCodec<T> | undefined
}

/** The text form of a codec whose bytes are UTF-8. */
export interface TextCodec<T> {
  /** The text whose UTF-8 bytes the codec's own `encode` returns. Throws as that does. */
  encode(value: T, context?: CodecContext): string
  /** The value of a well-formed text. Throws as the codec's own `decode` does. */
  decode(text: string, context?: CodecContext): T
}

/** A codec that never returns a promise, as a cache needs it. */
export interface SyncCodec<T> extends Codec<T> {
  /** The bytes of a value. Throws for a value that the codec does not accept. */
  encode(value: T, context?: CodecContext): Uint8Array
  /** The value of bytes. Throws for bytes that the codec cannot read. */
  decode(bytes: Uint8Array, context?: CodecContext): T
}
