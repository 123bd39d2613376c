import { Buffer } from 'node:buffer'
import type { SyncCodec, TextCodec } from '@snapstream/core'
import { findLoss } from '@snapstream/core/adapter'
import { asBuffer } from '../buffer.ts'
import { checkProtocol } from '../check-protocol.ts'
import { codecError, cut, messageOf, show } from '../codec-error.ts'
import { withDefaultLimits, type ValueLimits } from '../limits.ts'
import type { JsonCodecOptions } from './json-options.ts'
import { compileSchema, type Check } from './json-schema.ts'

/** The most bytes that UTF-8 takes for a unit of UTF-16. */
const MAX_UNIT_BYTES = 3

/**
 * A synchronous codec for JSON in UTF-8, with an optional JSON Schema. Values that JSON would drop or change are refused,
 * wherever they are: functions, symbols, NaN, Infinity, an undefined in an array, a Map or Set or typed array. An undefined
 * field is left out (it reads back as undefined), a Date becomes its ISO string, and an object with `toJSON` becomes the
 * result of that. Numbers are read as float64.
 *
 * Throws `USAGE` for an unknown option and for a schema that does not compile. `encode` throws `ENCODE_FAILED`, `decode`
 * throws `DECODE_FAILED`; the message has the path, the expected value and the actual one.
 *
 * @example
 * const codec = JsonCodec<{ id: string }>({
 *   schema: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
 * })
 */
export function JsonCodec<T = unknown>(options: JsonCodecOptions = {}): SyncCodec<T> {
  checkProtocol()
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
      if (json.length * MAX_UNIT_BYTES > maxBytes) refuseLength(Buffer.byteLength(json))
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
    // Cycles, bigints, and values that are nested too deep.
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
  // The JSON counts: a Date is a string in it, and an undefined field is absent.
  const unfit = check(JSON.parse(text))
  if (unfit !== undefined) throw codecError('ENCODE_FAILED', `JsonCodec: ${unfit}`)
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function toText(bytes: Uint8Array): string {
  const text = asBuffer(bytes).utf8Slice(0, bytes.length)
  // The strict decoder is slower: it runs only where a replacement character may stand for bytes that are not UTF-8.
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

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_LIST = 0x5b
const OPEN_OBJECT = 0x7b
const CLOSE_LIST = 0x5d
const CLOSE_OBJECT = 0x7d

/** Whether JSON is nested more than `max` times. Most texts are too short for that, or have too few brackets. */
function isNestedMoreThan(text: string, max: number): boolean {
  if (text.length <= 2 * max || !opensMoreThan(text, max)) return false
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) {
      for (i++; i < text.length && text.charCodeAt(i) !== QUOTE; i++) if (text.charCodeAt(i) === BACKSLASH) i++
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > max) return true
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--
  }
  return false
}

function opensMoreThan(text: string, max: number): boolean {
  let count = 0
  for (const bracket of ['[', '{'])
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) if (++count > max) return true
  return false
}
