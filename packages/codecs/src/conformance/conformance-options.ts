import type { Codec, CodecContext } from '@snapstream/core'

/** The options of `codecConformance`: a test framework, a codec, and values for it. */
export interface ConformanceOptions<T> {
  /** Registers a test: `test` of vitest, node:test or another framework. */
  test(name: string, run: () => Promise<void>): unknown
  /** The prefix of the tests' names. */
  readonly name: string
  /** Returns a new codec with each call. */
  create(): Promise<Codec<T>> | Codec<T>
  /** Values that the codec takes: one of every kind, and edge cases. At least one. */
  readonly values: readonly T[]
  /** Values of any type that `encode` has to refuse with `ENCODE_FAILED`. @default [] */
  readonly refused?: readonly unknown[]
  /** Bytes that `decode` has to refuse with `DECODE_FAILED`. @default [] */
  readonly broken?: readonly Uint8Array[]
  /** The context of each call. @default { topic: 'conformance', part: 'value' } */
  readonly context?: CodecContext
  /** The abilities of the codec. */
  readonly supports?: {
    /**
     * Whether it never returns a promise; a cache needs such a codec.
     *
     * @default true
     */
    readonly sync?: boolean
    /**
     * Whether it works without a context; a cache passes none.
     *
     * @default true
     */
    readonly noContext?: boolean
  }
}
