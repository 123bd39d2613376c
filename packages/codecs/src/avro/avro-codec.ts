import type { Buffer } from 'node:buffer'
import { describe, type SnapstreamError, type SyncCodec } from '@snapstream/core'
import { asBuffer } from '../as-buffer.ts'
import { codecError, isStackOverflow, messageOf } from '../codec-error.ts'
import { withDefaultLimits, type Limits, type ValueLimits } from '../limits.ts'
import type { AvroCodecOptions } from './avro-options.ts'
import { checkAvroOptions } from './check-avro-options.ts'
import { describeMismatch } from './describe-mismatch.ts'
import { makeType, type TypeOptions } from './make-type.ts'
import type { AvroType, Read } from './internals.ts'
import { readAvroSchema, type AvroSchema } from './read-avro-schema.ts'
import { resolve } from './resolve.ts'
import { Slab } from './slab.ts'
import { AvroTap, OverLimit, tooEarly } from './tap.ts'

/**
 * Values as Avro in its binary encoding, made through avsc. `bytes` and `fixed` are Buffers, records plain objects, the
 * logical types what the README's table says; a union is the bare value where its branches can be told apart, else
 * `{ branch: value }`. A `long` that a JavaScript number cannot hold exactly is refused in both directions unless longs are
 * bigints, and so are fields that the schema does not have.
 *
 * Throws `USAGE` for a schema or a file that cannot be used, and for a `writer` that cannot be read as the schema. Encoding
 * rejects with `ENCODE_FAILED`, decoding with `DECODE_FAILED`: bytes that are too few, too many, or not what the schema
 * says.
 *
 * @param schema The schema, or the path of an .avsc file (relative to the working directory), which is read at once.
 *
 * @example
 * const codec = AvroCodec<{ id: string }>({
 *   type: 'record',
 *   name: 'Order',
 *   fields: [{ name: 'id', type: 'string' }],
 * })
 */
export function AvroCodec<T = unknown>(schema: object | string, options: AvroCodecOptions = {}): SyncCodec<T> {
  checkAvroOptions(options)
  const references = (options.references ?? []).map((reference) => readAvroSchema(reference).content)
  const reader = { ...readAvroSchema(schema), references }
  const writer = options.writer === undefined ? undefined : { ...readAvroSchema(options.writer), references }
  return makeAvroCodec(reader, writer, options)
}

/** A schema with those that it refers to, in an order in which each only refers to those before it. */
export interface WholeAvroSchema extends AvroSchema {
  readonly references: readonly unknown[]
  /** Others wrote it. */
  readonly foreign?: boolean
}

/** Writes by the schema `reader`, and reads what was written by `writer` as that. */
export function makeAvroCodec<T>(
  reader: WholeAvroSchema,
  writer: WholeAvroSchema | undefined,
  options: TypeOptions & Limits,
): SyncCodec<T> {
  const { name } = reader
  const limits = withDefaultLimits(options)
  const { maxBytes } = limits
  const type = makeType(reader.content, reader.references, options, name, reader.foreign)
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

/** Undefined while a value is written: what writes a part of it may use a codec too. */
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

function resolved(type: AvroType, writer: WholeAvroSchema, options: TypeOptions, name: string): Read {
  const written = makeType(writer.content, writer.references, options, `${name}, with its writer,`, writer.foreign)
  try {
    return resolve(type, written)
  } catch (error) {
    throw codecError(
      'USAGE',
      `${name} cannot read what the writer's schema writes: ${messageOf(error)}; a field that is new needs a default`,
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
