import { Buffer } from 'node:buffer'
import { describe, toError } from '@snapstream/core'
import type { Headers, MaybePromise } from '@snapstream/core'
import type { RecordMeta } from '@snapstream/kafka'
import { rawFields } from '../output/raw-json.ts'
import { textOf } from '../output/show-bytes.ts'
import { usage } from '../usage.ts'
import type { ValueWriter } from './value-json.ts'

/** The record in a line of standard input. */
export interface InputRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly meta: RecordMeta
}

interface InputFormat {
  readonly topic: string
  readonly json: boolean
  /** The text between key and value. Without it a line is a value, and its key is null. */
  readonly keySeparator: string | undefined
  /** Encodes values, which are lines of JSON. Without it values are text. */
  readonly write: ValueWriter | undefined
}

/** Parses a line. Throws `USAGE` for a line that is no record, or an error of the codec. */
export function inputRecord(line: Buffer, format: InputFormat): MaybePromise<InputRecord> {
  return format.json ? fromJson(line, format) : fromText(line, format)
}

function fromText(line: Buffer, { topic, keySeparator, write }: InputFormat): MaybePromise<InputRecord> {
  const separator = keySeparator === undefined ? -1 : line.indexOf(keySeparator)
  if (keySeparator !== undefined && separator === -1)
    throw usage(`expected ${JSON.stringify(keySeparator)} between key and value, found none`)
  const key = separator === -1 ? null : line.subarray(0, separator)
  const value = separator === -1 ? line : line.subarray(separator + Buffer.byteLength(keySeparator ?? ''))
  if (write === undefined) return { key, value, meta: {} }
  const json = utf8(value)
  asJson(() => JSON.parse(json))
  return withValue(write(json, topic), key, {})
}

const FIELDS = [
  'topic',
  'partition',
  'offset',
  'timestamp',
  'key',
  'keyEncoding',
  'value',
  'valueEncoding',
  'headers',
  'headerBytes',
  'error',
] as const
type Field = (typeof FIELDS)[number]

/** A line of `snapstream topic --json`. Its topic, offset and error are ignored. */
function fromJson(line: Buffer, { topic, write }: InputFormat): MaybePromise<InputRecord> {
  const text = utf8(line)
  const given = asJson(() => rawFields(text))
  if (given === undefined) throw usage(`expected an object with key and value, got ${describe(JSON.parse(text))}`)
  const fields = new Map<string, string>()
  for (const { name, json } of given) {
    if (!FIELDS.includes(name as Field))
      throw usage(`unknown field ${describe(name)}; the fields are ${FIELDS.join(', ')}`)
    if (fields.has(name)) throw usage(`the field ${describe(name)} comes more than once`)
    fields.set(name, json)
  }
  const parsed = (name: Field): unknown => {
    const json = fields.get(name)
    return json === undefined ? undefined : JSON.parse(json)
  }
  const value = fields.get('value')
  if (value === undefined) throw usage('the field "value" is missing; null is a tombstone')
  const [partition, timestamp, headers] = [parsed('partition'), fields.get('timestamp'), parsed('headers')]
  const meta: RecordMeta = {
    ...(partition !== undefined && { partition: whole('partition', partition) }),
    ...(timestamp !== undefined && { timestamp: timestampOf(timestamp) }),
    ...(headers !== undefined && { headers: headersOf(headers) }),
    // The bytes of all headers replace `headers`, which lacks those that do not decode.
    ...(fields.has('headerBytes') && { headers: content('headerBytes', parsed('headerBytes'), 'base64') ?? [] }),
  }
  const key = parsed('key') ?? null
  return withValue(
    valueOf(value, parsed('valueEncoding'), topic, write),
    content('key', key, parsed('keyEncoding')),
    meta,
  )
}

/**
 * The bytes of a value. With a schema the JSON is encoded by it. Without one, a text is its own bytes, and other JSON keeps
 * its text; with `valueEncoding: "json"` all JSON does.
 */
function valueOf(
  json: string,
  encoding: unknown,
  topic: string,
  write: ValueWriter | undefined,
): MaybePromise<Uint8Array | null> {
  if (encoding === 'text' || encoding === 'base64') return content('value', JSON.parse(json), encoding)
  if (encoding !== undefined && encoding !== 'json')
    throw usage(`valueEncoding takes "text", "base64" or "json", got ${describe(encoding)}`)
  if (encoding === undefined && json === 'null') return null
  if (write !== undefined) return write(json, topic)
  return encoding === undefined && json.startsWith('"')
    ? content('value', JSON.parse(json), undefined)
    : Buffer.from(json)
}

/** Null, a text, or bytes as base64. */
function content(name: string, given: unknown, encoding: unknown): Uint8Array | null {
  if (encoding !== undefined && encoding !== null && encoding !== 'base64' && encoding !== 'text')
    throw usage(`${name}Encoding takes "text" or "base64", got ${describe(encoding)}`)
  if (given === null) return null
  if (typeof given !== 'string')
    throw usage(`${name} takes ${encoding === 'base64' ? 'base64' : 'a text or null'}, got ${describe(given)}`)
  if (encoding === 'base64') return base64(name, given)
  if (!given.isWellFormed()) throw usage(`${name} has a lone surrogate, which UTF-8 cannot encode: ${describe(given)}`)
  return Buffer.from(given)
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

/** A whole number of 64 bits, as a number or a text of its digits; -1 for no timestamp. */
function timestampOf(json: string): number | bigint {
  const digits = /^("?)(-?\d{1,19})\1$/.exec(json)?.[2]
  if (digits === undefined)
    throw usage(
      `timestamp takes a whole number of ms since the epoch, or -1 for none, got ${describe(JSON.parse(json))}`,
    )
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value : BigInt(digits)
}

/** An object of texts, or pairs. `"base64"` in the third place of a pair marks a value in base64. */
function headersOf(headers: unknown): Headers {
  const pairs: unknown =
    typeof headers === 'object' && headers !== null && !Array.isArray(headers) ? Object.entries(headers) : headers
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && typeof pair[0] === 'string' && (pair[1] === null || typeof pair[1] === 'string')
  if (!Array.isArray(pairs) || !pairs.every(isPair))
    throw usage('headers takes pairs of texts, as [["name","value"]], or an object of texts; a value may be null')
  return (pairs as [string, string | null, unknown][]).map(([name, value, encoding]) => [
    name,
    content('a header', value, encoding),
  ])
}

function withValue(
  value: MaybePromise<Uint8Array | null>,
  key: Uint8Array | null,
  meta: RecordMeta,
): MaybePromise<InputRecord> {
  if (value instanceof Promise) return value.then((bytes: Uint8Array | null) => ({ key, value: bytes, meta }))
  return { key, value: value as Uint8Array | null, meta }
}

function utf8(bytes: Buffer): string {
  const text = textOf(bytes)
  if (text === undefined) throw usage('the line is not UTF-8')
  return text
}

function asJson<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw usage(`invalid JSON: ${toError(error).message}`, error)
  }
}
