import { Buffer } from 'node:buffer'
import { describe, toError } from '@snapstream/core'
import type { Codec } from '@snapstream/core'
import type { RecordMeta } from '@snapstream/kafka'
import { textOf } from '../output/show-bytes.ts'
import { usage } from '../usage.ts'

/** A record as a line of standard input says it. */
export interface InputRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly meta: RecordMeta
}

interface InputFormat {
  readonly topic: string
  readonly json: boolean
  /** What stands between key and value; without it there are no keys. */
  readonly keySeparator: string | undefined
  /** How values are written; without it as text. */
  readonly codec: Pick<Codec<unknown>, 'encode'> | undefined
}

/** Reads a line. Throws what is wrong with it. */
export function inputRecord(line: Buffer, format: InputFormat): InputRecord | Promise<InputRecord> {
  return format.json ? fromJson(line, format) : fromText(line, format)
}

function fromText(line: Buffer, { topic, keySeparator, codec }: InputFormat): InputRecord | Promise<InputRecord> {
  const separator = keySeparator === undefined ? -1 : line.indexOf(keySeparator)
  if (keySeparator !== undefined && separator === -1)
    throw usage(`there is no ${JSON.stringify(keySeparator)} between a key and a value`)
  const key = separator === -1 ? null : line.subarray(0, separator)
  const value = separator === -1 ? line : line.subarray(separator + Buffer.byteLength(keySeparator ?? ''))
  return withValue(codec === undefined ? value : encode(codec, topic, parse(value)), key, {})
}

const FIELDS = ['topic', 'partition', 'offset', 'timestamp', 'key', 'keyEncoding', 'value', 'valueEncoding', 'headers']

/** What `snapstream topic --json` writes; where it was read does not matter. */
function fromJson(line: Buffer, { topic, codec }: InputFormat): InputRecord | Promise<InputRecord> {
  const given = parse(line)
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw usage(`expected an object with key and value, got ${describe(given)}`)
  const unknown = Object.keys(given).find((name) => !FIELDS.includes(name))
  if (unknown !== undefined) throw usage(`there is no field ${JSON.stringify(unknown)}; there are ${FIELDS.join(', ')}`)
  const { partition, timestamp, key, keyEncoding, value, valueEncoding, headers } = given as Record<string, unknown>
  if (value === undefined) throw usage('there is no value; null is a tombstone')
  const meta: RecordMeta = {
    ...(partition !== undefined && { partition: whole('partition', partition) }),
    ...(timestamp !== undefined && timestamp !== -1 && { timestamp: whole('timestamp', timestamp) }),
    ...(headers !== undefined && { headers: headersOf(headers) }),
  }
  const bytes = bytesOf('value', value, valueEncoding)
  const encoded = bytes === undefined || (codec && !valueEncoding && bytes) ? encodeJson(codec, topic, value) : bytes
  return withValue(encoded, key === undefined ? null : keyOf(key, keyEncoding), meta)
}

function encodeJson(
  codec: Pick<Codec<unknown>, 'encode'> | undefined,
  topic: string,
  value: unknown,
): Uint8Array | Promise<Uint8Array> {
  return codec === undefined ? Buffer.from(JSON.stringify(value)) : encode(codec, topic, value)
}

function keyOf(key: unknown, encoding: unknown): Uint8Array | null {
  const bytes = bytesOf('key', key, encoding)
  if (bytes === undefined) throw usage(`key takes a text or null, got ${describe(key)}`)
  return bytes
}

/** Null and texts; undefined for anything else. */
function bytesOf(name: string, content: unknown, encoding: unknown): Uint8Array | null | undefined {
  if (encoding !== undefined && encoding !== 'base64')
    throw usage(`${name}Encoding takes "base64", got ${describe(encoding)}`)
  if (content === null) return null
  if (typeof content === 'string') return encoding === undefined ? Buffer.from(content) : base64(name, content)
  if (encoding !== undefined) throw usage(`${name} has to be base64, got ${describe(content)}`)
  return undefined
}

function base64(name: string, text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw usage(`${name} is no base64: ${describe(text)}`)
  return bytes
}

function whole(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw usage(`${name} takes a whole number of 0 or more, got ${describe(value)}`)
}

/** An object of texts, or pairs as they are written; a third place says that the second is base64. */
function headersOf(headers: unknown): readonly (readonly [string, Uint8Array | null])[] {
  const pairs: unknown =
    typeof headers === 'object' && headers !== null && !Array.isArray(headers) ? Object.entries(headers) : headers
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && typeof pair[0] === 'string' && (pair[1] === null || typeof pair[1] === 'string')
  if (!Array.isArray(pairs) || !pairs.every(isPair))
    throw usage('headers takes pairs of texts, [["name","value"]], or an object of texts; a value may be null')
  return (pairs as [string, string | null, unknown][]).map(([name, content, encoding]) => [
    name,
    bytesOf('a header', content, encoding) ?? null,
  ])
}

function withValue(
  value: Uint8Array | null | Promise<Uint8Array>,
  key: Uint8Array | null,
  meta: RecordMeta,
): InputRecord | Promise<InputRecord> {
  if (value instanceof Promise) return value.then((bytes) => ({ key, value: bytes, meta }))
  return { key, value, meta }
}

function encode(
  codec: Pick<Codec<unknown>, 'encode'>,
  topic: string,
  value: unknown,
): Uint8Array | Promise<Uint8Array> {
  return codec.encode(value, { topic, part: 'value' }) as Uint8Array | Promise<Uint8Array>
}

/** Bytes in a value, as `snapstream topic` writes them, become bytes again. */
function parse(bytes: Buffer): unknown {
  const text = textOf(bytes)
  if (text === undefined) throw usage('it is not UTF-8')
  try {
    return JSON.parse(text, (_, value: unknown) => {
      const { base64: content, ...others } = (value ?? {}) as { readonly base64?: unknown }
      return typeof content === 'string' && Object.keys(others).length === 0 ? Buffer.from(content, 'base64') : value
    })
  } catch (error) {
    throw usage(`it is no JSON: ${toError(error).message}`, error)
  }
}
