import type { Codec, CodecContext } from '@snapstream/core'

/** What the suite needs of a test framework, and of the codec. */
export interface ConformanceOptions<T> {
  /** `test` of vitest, node:test or another. */
  test(name: string, run: () => Promise<void>): unknown
  /** For the names of the tests. */
  readonly name: string
  /** A fresh codec each time it is called. */
  create(): Promise<Codec<T>> | Codec<T>
  /** Values that have to come back as they went: one of every kind, and those at the edges. At least one. */
  readonly values: readonly T[]
  /** Values, of any type, that have to be refused with `ENCODE_FAILED`. @default [] */
  readonly refused?: readonly unknown[]
  /** Bytes that have to be refused with `DECODE_FAILED`. @default [] */
  readonly broken?: readonly Uint8Array[]
  /** What is handed over with each value. @default { topic: 'conformance', part: 'value' } */
  readonly context?: CodecContext
  readonly supports?: {
    /**
     * Whether it never answers with a promise, as a cache needs it.
     *
     * @default true
     */
    readonly sync?: boolean
    /**
     * Whether it works without a context too, as where it is used for a cache.
     *
     * @default true
     */
    readonly noContext?: boolean
  }
}
