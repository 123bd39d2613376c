import type { MaybePromise } from './protocol.ts'

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
}

/** A codec that never answers with a promise: what a cache needs. */
export interface SyncCodec<T> extends Codec<T> {
  encode(value: T, context?: CodecContext): Uint8Array
  decode(bytes: Uint8Array, context?: CodecContext): T
}
