import { Buffer } from 'node:buffer'
import { describe, type SnapstreamError, type SyncCodec } from '@snapstream/core'
import type { Type } from 'avsc'
import { asBuffer } from '../buffer.ts'
import { checkProtocol } from '../check-protocol.ts'
import { codecError, cut, isStackOverflow, messageOf } from '../codec-error.ts'
import { withDefaultLimits, type Limits, type ValueLimits } from '../limits.ts'
import { checkAvroOptions, type AvroCodecOptions } from './avro-options.ts'
import { readAvroSchema, type WholeAvroSchema } from './avro-schema.ts'
import type { AvroType, Read } from './avsc.ts'
import { describeLogical } from './logical-type.ts'
import { makeType, type TypeOptions } from './make-type.ts'
import { StrictRecord } from './record.ts'
import { resolve } from './schema-resolution.ts'
import { AvroTap, OverLimit, tooEarly } from './tap.ts'

/**
 * A synchronous codec for Avro's binary encoding, over avsc. `bytes` and `fixed` are Buffers, records are plain objects,
 * logical types are as in the README's table. A union is the bare value if its branches can be told apart, else
 * `{ branch: value }`. A `long` that a JavaScript number cannot hold exactly is refused when it is written and when it is
 * read, unless longs are bigints. Fields that the schema does not have are refused.
 *
 * Throws `USAGE` for an invalid schema or file, and for a `writer` that cannot be read as the schema. `encode` throws
 * `ENCODE_FAILED`; `decode` throws `DECODE_FAILED` for bytes that are too few, too many, or not of the schema.
 *
 * @param schema The schema, or the path of an .avsc file, relative to the working directory. The file is read at once.
 *
 * @example
 * const codec = AvroCodec<{ id: string }>({
 *   type: 'record',
 *   name: 'Order',
 *   fields: [{ name: 'id', type: 'string' }],
 * })
 */
export function AvroCodec<T = unknown>(schema: object | string, options: AvroCodecOptions = {}): SyncCodec<T> {
  checkProtocol()
  checkAvroOptions(options)
  const references = (options.references ?? []).map((reference) => readAvroSchema(reference).content)
  const reader = { ...readAvroSchema(schema), references }
  const writer = options.writer === undefined ? undefined : { ...readAvroSchema(options.writer), references }
  return makeAvroCodec(reader, writer, options)
}

/** A codec that writes by the schema `reader`, and reads values that were written by `writer` as `reader`. */
export function makeAvroCodec<T>(
  reader: WholeAvroSchema,
  writer: WholeAvroSchema | undefined,
  options: TypeOptions & Limits,
): SyncCodec<T> {
  const { name } = reader
  const limits = withDefaultLimits(options)
  const { maxBytes } = limits
  const type = makeType(reader, options)
  const read: Read = writer ? resolved(type, writer, options, name) : (tap) => type._read(tap)
  return {
    encode(value) {
      try {
        return toBytes(type, value, limits)
      } catch (error) {
        throw encodeFailed(type, value, error, name)
      }
    },
    decode(bytes) {
      try {
        if (bytes.length > maxBytes) throw new Error(`the limit by maxBytes is ${maxBytes}`)
        const tap = new AvroTap(asBuffer(bytes), 0, limits)
        const value = read(tap)
        if (tap.pos !== bytes.length)
          throw tap.pos > bytes.length ? tooEarly() : new Error('there are more of them than the value takes')
        return value as T
      } catch (error) {
        throw codecError(
          'DECODE_FAILED',
          `${name} cannot read ${bytes.length} bytes: ${explain(error)}; were they written with this schema?`,
          error,
        )
      }
    },
  }
}

function resolved(type: AvroType, writer: WholeAvroSchema, options: TypeOptions, name: string): Read {
  const written = makeType({ ...writer, name: `${name}, with its writer,` }, options)
  try {
    return resolve(type, written)
  } catch (error) {
    throw codecError(
      'USAGE',
      `${name} cannot read values of the writer's schema: ${messageOf(error)}; a new field needs a default`,
      error,
    )
  }
}

function encodeFailed(type: AvroType, value: unknown, thrown: unknown, name: string): SnapstreamError {
  if (!(thrown instanceof OverLimit) && !isStackOverflow(thrown)) {
    const mismatch = describeMismatch(type, value)
    if (mismatch !== '') return codecError('ENCODE_FAILED', `${name}: ${mismatch}`)
  }
  return codecError('ENCODE_FAILED', `${name} cannot write ${describe(value)}: ${messageOf(thrown)}`, thrown)
}

function explain(thrown: unknown): string {
  const message = messageOf(thrown)
  if (message === 'potential precision loss')
    return "a long is beyond what a number holds exactly (2^53); the option long: 'bigint' reads it"
  return message
}

const MAX_ERRORS = 4

/** Describes where a value does not match a type: path, expected type, actual value. Empty if it matches or is too deep. */
function describeMismatch(type: AvroType, value: unknown): string {
  const found: string[] = []
  let count = 0
  try {
    type.isValid(value, {
      noUndeclaredFields: true,
      errorHook(path, came, expected) {
        if (++count > MAX_ERRORS) return
        const where = cut(`$${path.map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`)).join('')}`)
        found.push(`${where} should be ${describeType(expected)}, got ${describeValue(came, expected)}`)
      },
    })
  } catch {
    return ''
  }
  return `${found.join('; ')}${count > MAX_ERRORS ? '; ...' : ''}`
}

function describeType(type: Type): string {
  const { typeName } = type
  const logical = describeLogical(type)
  const schema = cut(type.toString())
  if (logical !== undefined) return logical
  if (typeName === 'long') return 'a long (a whole number within 2^53)'
  if (typeName === 'abstract:long') return 'a long (a bigint of 64 bits)'
  if (typeName === 'bytes' || typeName === 'fixed') return `${schema} (a Uint8Array)`
  if (typeName === 'string') return 'a string without lone surrogates'
  if (typeName === 'union:wrapped') return `${schema} (as { branch: value })`
  return schema
}

function describeValue(value: unknown, type: Type): string {
  if (!(type instanceof StrictRecord) || typeof value !== 'object' || value === null) return describe(value)
  const known = new Set(type._namedFields().map(({ name }) => name))
  const extra = Object.keys(value).filter((name) => !known.has(name))
  return extra.length === 0 ? describe(value) : `the unknown fields ${cut(extra.join(', '))}`
}

const SLAB_BYTES = 16 * 1024
/** A larger value that does not fit the rest of a slab gets a slab of its own. */
const SMALL_BYTES = SLAB_BYTES / 8

/**
 * Memory for many small values, one after the other, like the pool of Node's small Buffers: allocating memory for each
 * takes longer than writing it. A value that is kept keeps its slab in memory.
 */
class Slab {
  buffer: Buffer
  /** The position of the next value. */
  pos = 0

  constructor(length: number = SLAB_BYTES) {
    this.buffer = Buffer.allocUnsafeSlow(length)
  }

  /** A slab with room for a value of this length: this one, with new memory if necessary, or one for the value alone. */
  withRoom(length: number): Slab {
    if (this.pos + length <= this.buffer.length) return this
    if (length > SMALL_BYTES) return new Slab(length)
    this.buffer = Buffer.allocUnsafeSlow(SLAB_BYTES)
    this.pos = 0
    return this
  }

  /** The value from `pos` to `end`. */
  take(end: number): Buffer {
    const bytes = this.buffer.subarray(this.pos, end)
    this.pos = end
    return bytes
  }
}

/** Undefined while a value is written: a part of it may be written by another codec. */
let slab: Slab | undefined = new Slab()

function toBytes(type: AvroType, value: unknown, limits: ValueLimits): Buffer {
  const room = slab ?? new Slab()
  slab = undefined
  try {
    const tap = new AvroTap(room.buffer, room.pos, limits)
    type._write(tap, value)
    const length = tap.pos - room.pos
    if (length > limits.maxBytes)
      throw new OverLimit(`it has ${length} bytes, the limit by maxBytes is ${limits.maxBytes}`)
    if (tap.pos <= room.buffer.length) return room.take(tap.pos)
    const enough = room.withRoom(length)
    const again = new AvroTap(enough.buffer, enough.pos, limits)
    type._write(again, value)
    if (again.pos > enough.buffer.length) throw new Error('it became larger while it was written')
    return enough.take(again.pos)
  } finally {
    slab = room
  }
}
