import { Buffer } from 'node:buffer'
import { SnapstreamError, toError, type ErrorCode } from '@snapstream/core'
import { describeKey, type CacheKey } from './cache-key.ts'
import type { Entry } from './overlay.ts'
import type { Stored, ValueFormat } from './value-format.ts'

/** A format whose errors say which cache and which key. */
export interface NamedFormat<V> {
  readonly encoding: 'utf8' | 'buffer'
  encode(value: V, key: CacheKey): Stored
  decode(stored: Stored, key: CacheKey): V
  /** For memory that goes on being used by whoever it is of: a codec may hand out parts of what it gets. */
  decodeCopy(stored: Stored, key: CacheKey): V
  /** The value of a write, as anybody else would read it: never the object that was written. */
  decodeEntry(entry: Entry): V
}

export function nameErrors<V>(format: ValueFormat<V>, name: string): NamedFormat<V> {
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
    decodeEntry: ({ stored, key }) => decodeCopy(stored!, key),
  }
}
