import { Buffer } from 'node:buffer'
import type { SyncCodec, TextCodec } from '@snapstream/core'
import { findLoss } from '@snapstream/core/adapter'
import { asBuffer } from '../as-buffer.ts'
import { codecError, cut, messageOf, show } from '../codec-error.ts'
import { withDefaultLimits, type ValueLimits } from '../limits.ts'
import { compileSchema, type Check } from './compile-schema.ts'
import type { JsonCodecOptions } from './json-options.ts'
import { isNestedMoreThan } from './nesting.ts'

/** Of one unit of UTF-16 in UTF-8. */
const MOST_BYTES = 3

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
  return makeJsonCodec(compileSchema(options), withDefaultLimits(options))
}

export function makeJsonCodec<T>(check: Check | undefined, { maxBytes, maxDepth }: ValueLimits): SyncCodec<T> {
  function write(value: T): string {
    const json = stringify(value)
    if (isNestedMoreThan(json, maxDepth))
      throw codecError('ENCODE_FAILED', `JsonCodec cannot write ${show(value)}: ${tooDeep(maxDepth)}`)
    if (check) refuseUnfit(value, json, check)
    return json
  }
  const refuseLength = (length: number) => {
    if (length > maxBytes)
      throw codecError('ENCODE_FAILED', `JsonCodec: the value has ${length} bytes, ${limitOf(maxBytes)}`)
  }
  const text: TextCodec<T> = {
    encode(value) {
      const json = write(value)
      if (json.length * MOST_BYTES > maxBytes) refuseLength(Buffer.byteLength(json))
      return json
    },
    decode(json) {
      if (isNestedMoreThan(json, maxDepth))
        throw codecError('DECODE_FAILED', `JsonCodec cannot read ${show(json)}: ${tooDeep(maxDepth)}`)
      const value = parse(json)
      const unfit = check?.(value)
      if (unfit !== undefined) throw codecError('DECODE_FAILED', `JsonCodec: ${unfit}`)
      return value as T
    },
  }
  const codec: SyncCodec<T> = {
    encode(value) {
      const bytes = Buffer.from(write(value))
      refuseLength(bytes.length)
      return bytes
    },
    decode(bytes) {
      if (bytes.length > maxBytes)
        throw codecError('DECODE_FAILED', `JsonCodec cannot read ${bytes.length} bytes, ${limitOf(maxBytes)}`)
      return text.decode(toText(bytes))
    },
  }
  return Object.defineProperty(codec, '~snapstream.text', { value: text })
}

const limitOf = (maxBytes: number) => `the limit by maxBytes is ${maxBytes}`
const tooDeep = (maxDepth: number) => `it is nested more than ${maxDepth} times, the limit by maxDepth`

function stringify(value: unknown): string {
  let text: string | undefined
  let loss: string | undefined
  try {
    text = JSON.stringify(value)
    loss = findLoss(value)
  } catch (error) {
    // Cycles, bigints, and what is nested too deep.
    throw codecError('ENCODE_FAILED', `JsonCodec cannot write ${show(value)}: ${messageOf(error)}`, error)
  }
  if (text !== undefined && loss === undefined) return text
  throw codecError(
    'ENCODE_FAILED',
    `JsonCodec: JSON would lose a part of the value: $${cut(loss ?? ` is ${show(value)}`)}; leave it out, or turn it into something that JSON has`,
  )
}

function refuseUnfit(value: unknown, text: string, check: Check): void {
  if (check(value) === undefined) return
  // What goes out counts: a Date is a string there, and a field that is undefined is not there.
  const unfit = check(JSON.parse(text))
  if (unfit !== undefined) throw codecError('ENCODE_FAILED', `JsonCodec: ${unfit}`)
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
  } catch (error) {
    throw codecError('DECODE_FAILED', `JsonCodec: ${bytes.length} bytes are not UTF-8`, error)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw codecError('DECODE_FAILED', `JsonCodec expected JSON, got ${show(text)}: ${messageOf(error)}`, error)
  }
}
