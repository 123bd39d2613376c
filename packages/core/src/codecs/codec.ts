import type { MaybePromise } from '../protocol.ts'

/** Where the bytes come from or go to, for codecs that need to know (a schema registry names subjects by topic). */
export interface CodecContext {
  readonly topic: string
  readonly part: 'key' | 'value'
}

/**
 * Turns values into bytes and back. A codec that answers without a promise is used without one. `encode` throws for a
 * value it does not take, `decode` for bytes it cannot read.
 */
export interface Codec<T> {
  encode(value: T, context?: CodecContext): MaybePromise<Uint8Array>
  decode(bytes: Uint8Array, context?: CodecContext): MaybePromise<T>
  /**
   * For codecs whose bytes are UTF-8: the same with text, for those that turn text into bytes themselves, where they end
   * up anyway. Not enumerable, so that a codec that is made by spreading another does not get it unawares.
   */
  readonly '~snapstream.text'?: TextCodec<T> | undefined
}

/** The UTF-8 of what `encode` answers is what the codec's own `encode` answers; `decode` gets any well-formed text. */
export interface TextCodec<T> {
  encode(value: T, context?: CodecContext): string
  decode(text: string, context?: CodecContext): T
}

/** A codec that never answers with a promise: what a cache needs. */
export interface SyncCodec<T> extends Codec<T> {
  encode(value: T, context?: CodecContext): Uint8Array
  decode(bytes: Uint8Array, context?: CodecContext): T
}
