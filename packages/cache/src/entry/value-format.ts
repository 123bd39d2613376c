import { Buffer } from 'node:buffer'
import { SnapstreamError, describe, toError, type ErrorCode, type SyncCodec } from '@snapstream/core'
import { findLoss, isThenable } from '@snapstream/core/adapter'
import { AreaKey } from './area-key.ts'
import { describeKey, type CacheKey } from './cache-key.ts'
import type { Entry, Stored } from './entry.ts'

/** How a cache stores its values. Errors name the cache and the key. */
export interface ValueFormat<V> {
  /** The value encoding for abstract-level: text saves a copy in both directions. */
  readonly encoding: 'utf8' | 'buffer'
  /** Throws `ENCODE_FAILED`. */
  encode(value: V, key: CacheKey): Stored
  /** Throws `DECODE_FAILED`. */
  decode(stored: Stored, key: CacheKey): V
  /** Decodes a copy, where the backend goes on using the memory: a codec may return parts of the bytes. */
  decodeCopy(stored: Stored, key: CacheKey): V
  /** The value of a write as any reader gets it: never the object that was written. */
  decodeEntry(entry: Entry): V
}

/** A codec without names in its errors. */
interface PlainFormat<V> {
  readonly encoding: 'utf8' | 'buffer'
  encode(value: V): Stored
  decode(stored: Stored): V
}

/** The format of a codec; without one JSON, which refuses values that it would change. */
export function createValueFormat<V>(codec: SyncCodec<V> | undefined, name: string): ValueFormat<V> {
  const format = codec ? codecFormat(codec) : jsonFormat<V>()
  const failed = (code: ErrorCode, verb: string, key: CacheKey, thrown: unknown) => {
    const cause = toError(thrown)
    return new SnapstreamError(
      code,
      `${name} cannot ${verb} the value of the key ${describeKey(key)}: ${cause.message}`,
      { cause, key },
    )
  }
  const decode = (stored: Stored, key: CacheKey) => {
    try {
      return format.decode(stored)
    } catch (error) {
      throw failed('DECODE_FAILED', 'decode', key, error)
    }
  }
  const decodeCopy = (stored: Stored, key: CacheKey) =>
    decode(typeof stored === 'string' ? stored : Buffer.from(stored), key)
  return {
    encoding: format.encoding,
    encode(value, key) {
      try {
        return format.encode(value)
      } catch (error) {
        throw failed('ENCODE_FAILED', 'encode', key, error)
      }
    },
    decode,
    decodeCopy,
    decodeEntry: ({ stored, key }) => decodeCopy(stored!, key instanceof AreaKey ? key.key : key),
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function jsonFormat<V>(): PlainFormat<V> {
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

function codecFormat<V>(codec: SyncCodec<V>): PlainFormat<V> {
  return {
    encoding: 'buffer',
    encode(value) {
      const bytes: unknown = codec.encode(value)
      refusePromise(bytes, 'encode')
      if (!(bytes instanceof Uint8Array))
        throw new SnapstreamError('ENCODE_FAILED', `the codec returned ${describe(bytes)}, expected a Uint8Array`)
      // A codec may return its own scratch memory or the caller's bytes; these are kept until the next batch.
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
  if (!isThenable(result)) return
  void Promise.resolve(result).catch(() => {})
  throw new SnapstreamError(
    method === 'encode' ? 'ENCODE_FAILED' : 'DECODE_FAILED',
    `the codec's ${method} returned a promise; a cache needs a synchronous codec`,
  )
}
