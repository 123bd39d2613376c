import { Buffer } from 'node:buffer'
import { SnapstreamError, describe, toError, type SyncCodec, type TextCodec } from '@snapstream/core'
import { asBuffer } from '../as-buffer.ts'
import { findLoss } from '@snapstream/core/lossless-json'
import { compileSchema, type Check } from './compile-schema.ts'
import type { JsonCodecOptions } from './json-options.ts'

/**
 * Values as JSON in UTF-8. What JSON would drop or change in silence is refused, wherever it stands: functions, symbols,
 * NaN, Infinity, an undefined in an array, a Map or Set or typed array. A field that is undefined is left out (it reads
 * back as undefined), a Date becomes its ISO string, and any object with `toJSON` says itself what it becomes. Numbers are
 * read as float64.
 *
 * Throws `USAGE` for a schema that does not compile. Encoding rejects with `ENCODE_FAILED`, decoding with `DECODE_FAILED`:
 * the message has the path, what was expected and what came.
 *
 * @example
 * const codec = JsonCodec<{ id: string }>({
 *   schema: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
 * })
 */
export function JsonCodec<T = unknown>(options: JsonCodecOptions = {}): SyncCodec<T> {
  return makeJsonCodec(compileSchema(options))
}

export function makeJsonCodec<T>(check: Check | undefined): SyncCodec<T> {
  const text: TextCodec<T> = {
    encode(value) {
      const json = stringify(value)
      if (check) refuseUnfit(value, json, check)
      return json
    },
    decode(json) {
      const value = parse(json)
      const unfit = check?.(value)
      if (unfit !== undefined) throw new SnapstreamError('DECODE_FAILED', `JsonCodec: ${unfit}`)
      return value as T
    },
  }
  const codec: SyncCodec<T> = {
    encode: (value) => Buffer.from(text.encode(value)),
    decode: (bytes) => text.decode(toText(bytes)),
  }
  return Object.defineProperty(codec, '~snapstream.text', { value: text })
}

function stringify(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    // Cycles and bigints.
    const cause = toError(error)
    throw new SnapstreamError('ENCODE_FAILED', `JsonCodec cannot write ${describe(value)}: ${cause.message}`, { cause })
  }
  const loss = findLoss(value)
  if (text !== undefined && loss === undefined) return text
  throw new SnapstreamError(
    'ENCODE_FAILED',
    `JsonCodec: JSON would lose a part of the value: $${loss ?? ` is ${describe(value)}`}; leave it out, or turn it into something that JSON has`,
  )
}

function refuseUnfit(value: unknown, text: string, check: Check): void {
  if (check(value) === undefined) return
  // What goes out counts: a Date is a string there, and a field that is undefined is not there.
  const unfit = check(JSON.parse(text))
  if (unfit !== undefined) throw new SnapstreamError('ENCODE_FAILED', `JsonCodec: ${unfit}`)
}

/** What `toString` comes down to, after it has looked at its arguments; avsc calls it, too. */
interface Sliceable extends Buffer {
  utf8Slice(start: number, end: number): string
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function toText(bytes: Uint8Array): string {
  const text = (asBuffer(bytes) as Sliceable).utf8Slice(0, bytes.length)
  // Quicker than a strict decoder, which is asked only where bytes may have been replaced.
  if (!text.includes('\uFFFD')) return text
  try {
    return strict.decode(bytes)
  } catch (cause) {
    throw new SnapstreamError('DECODE_FAILED', `JsonCodec: ${bytes.length} bytes are not UTF-8`, { cause })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const cause = toError(error)
    throw new SnapstreamError('DECODE_FAILED', `JsonCodec expected JSON, got ${describe(text)}: ${cause.message}`, {
      cause,
    })
  }
}
