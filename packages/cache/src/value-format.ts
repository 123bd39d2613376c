import { Buffer } from 'node:buffer'
import { SnapstreamError, describe, type SyncCodec } from '@snapstream/core'
import { findLoss } from '@snapstream/core/lossless-json'

/** A value as it is kept until it is written, and as the backend keeps it. */
export type Stored = string | Uint8Array

/** How values become what is stored. */
export interface ValueFormat<V> {
  /** What abstract-level is told: text spares a copy in both directions. */
  readonly encoding: 'utf8' | 'buffer'
  encode(value: V): Stored
  decode(stored: Stored): V
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The default: any value that JSON holds without loss. */
export function jsonFormat<V>(): ValueFormat<V> {
  return {
    encoding: 'utf8',
    encode(value) {
      const text = JSON.stringify(value) as string | undefined
      const loss = findLoss(value)
      if (text === undefined || loss !== undefined)
        throw new SnapstreamError(
          'ENCODE_FAILED',
          `JSON would lose a part of it: the value${loss ?? ` is ${describe(value)}`}; change the value, or give the cache a codec`,
        )
      return text
    },
    decode: (stored) => JSON.parse(typeof stored === 'string' ? stored : utf8.decode(stored)) as V,
  }
}

export function codecFormat<V>(codec: SyncCodec<V>): ValueFormat<V> {
  return {
    encoding: 'buffer',
    encode(value) {
      const bytes: unknown = codec.encode(value)
      refusePromise(bytes, 'encode')
      if (!(bytes instanceof Uint8Array))
        throw new SnapstreamError('ENCODE_FAILED', `the codec answered with ${describe(bytes)}, expected a Uint8Array`)
      // A codec may hand out its own scratch space or the caller's bytes; these are kept until the next batch.
      return Buffer.from(bytes)
    },
    decode(stored) {
      const value = codec.decode(stored as Uint8Array)
      refusePromise(value, 'decode')
      return value
    },
  }
}

function refusePromise(result: unknown, method: 'encode' | 'decode'): void {
  if (typeof result !== 'object' || result === null || !('then' in result) || typeof result.then !== 'function') return
  void Promise.resolve(result).catch(() => {})
  throw new SnapstreamError(
    method === 'encode' ? 'ENCODE_FAILED' : 'DECODE_FAILED',
    `the codec's ${method} answered with a promise; a cache needs a synchronous codec`,
  )
}
