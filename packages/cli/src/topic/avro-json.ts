import { Buffer } from 'node:buffer'
import { parse } from 'lossless-json'
import { SnapstreamError, describe, toError } from '@snapstream/core'
import { toBase64 } from '../output/show-bytes.ts'
import { avroNode, branchOf } from './avro-node.ts'
import type { AvroNode } from './avro-node.ts'

/** Converts between JSON and the values of `AvroCodec` with `long: 'bigint'` and `wrapUnions: 'always'`. */
export interface AvroJson {
  print(value: unknown): string
  /** Throws `ENCODE_FAILED` for text that is no JSON. The codec checks whether the value fits the schema. */
  parse(json: string): unknown
}

/**
 * Avro as JSON without loss, in both directions. `bytes` and `fixed` are `{"base64":"..."}`; a `long` has all its digits; NaN
 * and infinity are texts. A value of a union has no branch name if its JSON fits one branch only, else it is
 * `{"branch":value}`.
 */
export function avroJson(schema: unknown, references: readonly unknown[] = []): AvroJson {
  const node = avroNode(schema, references)
  return {
    print: (value) => print(value, node),
    parse: (json) => fromJson(parseExactly(json), node),
  }
}

function print(value: unknown, node: AvroNode | undefined): string {
  if (node?.kind === 'union') return printBranch(value, node.branches)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return printNumber(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (value instanceof Uint8Array) return `{"base64":"${toBase64(value)}"}`
  if (Array.isArray(value)) {
    const items = node?.kind === 'array' ? node.items : undefined
    return `[${value.map((item) => print(item, items)).join(',')}]`
  }
  const fields = Object.entries(value).map(
    ([name, field]) => `${JSON.stringify(name)}:${print(field, fieldOf(node, name))}`,
  )
  return `{${fields.join(',')}}`
}

function printNumber(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`
  return Object.is(value, -0) ? '-0' : String(value)
}

/** With `wrapUnions: 'always'` a value is null, or an object with one field, named after the branch. */
function printBranch(value: unknown, branches: ReadonlyMap<string, AvroNode>): string {
  if (value === null) return 'null'
  const [[name, content] = ['', undefined]] = Object.entries(value as object)
  const json = print(content, branches.get(name))
  return branchOf(content, branches) === name ? json : `{${JSON.stringify(name)}:${json}}`
}

function fieldOf(node: AvroNode | undefined, name: string): AvroNode | undefined {
  if (node?.kind === 'map') return node.values
  return node?.kind === 'record' ? node.fields.get(name) : undefined
}

const NON_FINITE: ReadonlyMap<unknown, number> = new Map(
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => [String(value), value]),
)

function fromJson(json: unknown, node: AvroNode | undefined): unknown {
  switch (node?.kind) {
    case 'long':
      return toLong(json)
    case 'float':
    case 'double':
      return typeof json === 'bigint' ? Number(json) : (NON_FINITE.get(json) ?? json)
    case 'bytes':
    case 'fixed':
      return toBytes(json)
    case 'array':
      return Array.isArray(json) ? json.map((item) => fromJson(item, node.items)) : json
    case 'map':
    case 'record':
      if (!isObject(json)) return json
      return Object.fromEntries(
        Object.entries(json).map(([name, field]) => [name, fromJson(field, fieldOf(node, name))]),
      )
    case 'union':
      return toBranch(json, node.branches)
    default:
      return json
  }
}

/** A number, or a text of its digits, for programs that cannot write such a number. */
function toLong(json: unknown): unknown {
  if (typeof json === 'number' && Number.isSafeInteger(json)) return BigInt(json)
  return typeof json === 'string' && /^-?\d{1,19}$/.test(json) ? BigInt(json) : json
}

function toBytes(json: unknown): unknown {
  if (!isObject(json) || Object.keys(json).length !== 1 || typeof json['base64'] !== 'string') return json
  const bytes = Buffer.from(json['base64'], 'base64')
  return bytes.toString('base64') === json['base64'] ? bytes : json
}

function toBranch(json: unknown, branches: ReadonlyMap<string, AvroNode>): unknown {
  if (json === null) return null
  const bare = branchOf(json, branches)
  if (bare !== undefined) return { [bare]: fromJson(json, branches.get(bare)) }
  const [[name, content] = ['', undefined], ...others] = isObject(json) ? Object.entries(json) : []
  const branch = branches.get(name)
  return branch === undefined || others.length > 0 ? json : { [name]: fromJson(content, branch) }
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** Parses JSON with exact integers: a bigint where a number is not exact. */
function parseExactly(json: string): unknown {
  try {
    return parse(json, undefined, exactNumber)
  } catch (error) {
    const cause = toError(error)
    const why = cause instanceof RangeError ? 'it is nested too deeply' : cause.message
    throw new SnapstreamError('ENCODE_FAILED', `${describe(json)} cannot be read as JSON: ${why}`, { cause })
  }
}

/** Longer numbers are beyond every type of Avro, and slow to parse. */
const MOST_DIGITS = 400

function exactNumber(text: string): number | bigint {
  const number = Number(text)
  if (!Number.isFinite(number)) throw new SyntaxError(`the number ${describe(text)} is beyond the range of Avro`)
  const isInteger = text.length <= MOST_DIGITS && /^-?\d+$/.test(text)
  return isInteger && !Number.isSafeInteger(number) ? BigInt(text) : number
}
