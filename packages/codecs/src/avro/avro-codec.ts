import type { Buffer } from 'node:buffer'
import { SnapstreamError, describe, toError, type SyncCodec } from '@snapstream/core'
import { asBuffer } from '../as-buffer.ts'
import type { AvroCodecOptions } from './avro-options.ts'
import { checkAvroOptions } from './check-avro-options.ts'
import { describeMismatch } from './describe-mismatch.ts'
import { makeType, type TypeOptions } from './make-type.ts'
import type { AvroType } from './internals.ts'
import { readAvroSchema, type AvroSchema } from './read-avro-schema.ts'
import { Slab } from './slab.ts'

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
}

/** Writes by the schema `reader`, and reads what was written by `writer` as that. */
export function makeAvroCodec<T>(
  reader: WholeAvroSchema,
  writer: WholeAvroSchema | undefined,
  options: TypeOptions,
): SyncCodec<T> {
  const { name } = reader
  const type = makeType(reader.content, reader.references, options, name)
  const resolver = writer && resolve(type, writer, options, name)
  return {
    encode(value) {
      try {
        return toBytes(type, value)
      } catch (error) {
        throw encodeFailed(type, value, toError(error), name)
      }
    },
    decode(bytes) {
      try {
        return type.fromBuffer(asBuffer(bytes), resolver) as T
      } catch (error) {
        const cause = toError(error)
        throw new SnapstreamError(
          'DECODE_FAILED',
          `${name} cannot read ${bytes.length} bytes: ${explain(cause.message)}; were they written with this schema?`,
          { cause },
        )
      }
    },
  }
}

/** Undefined while a value is written: what writes a part of it may use a codec too. */
let slab: Slab | undefined = new Slab()

function toBytes(type: AvroType, value: unknown): Buffer {
  const room = slab ?? new Slab()
  slab = undefined
  try {
    const end = type.encode(value, room.buffer, room.pos)
    if (end >= 0) return room.take(end)
    // It says how many bytes there were too few of.
    const enough = room.withRoom(room.buffer.length - room.pos - end)
    const secondEnd = type.encode(value, enough.buffer, enough.pos)
    if (secondEnd < 0) throw new Error('it became larger while it was written')
    return enough.take(secondEnd)
  } finally {
    slab = room
  }
}

type Resolver = Exclude<Parameters<AvroType['fromBuffer']>[1], undefined>

function resolve(type: AvroType, writer: WholeAvroSchema, options: TypeOptions, name: string): Resolver {
  const writerType = makeType(writer.content, writer.references, options, `${name}, with its writer,`)
  try {
    return type.createResolver(writerType)
  } catch (error) {
    const cause = toError(error)
    throw new SnapstreamError(
      'USAGE',
      `${name} cannot read what the writer's schema writes: ${cause.message}; a field that is new needs a default`,
      { cause },
    )
  }
}

function encodeFailed(type: AvroType, value: unknown, cause: Error, name: string): SnapstreamError {
  const mismatch = describeMismatch(type, value)
  if (mismatch !== '') return new SnapstreamError('ENCODE_FAILED', `${name}: ${mismatch}`)
  return new SnapstreamError('ENCODE_FAILED', `${name} cannot write ${describe(value)}: ${cause.message}`, { cause })
}

function explain(message: string): string {
  if (message === 'truncated buffer') return 'they end too early'
  if (message === 'trailing data') return 'there are more of them than the value takes'
  if (message === 'potential precision loss')
    return "a long is beyond what a number holds exactly (2^53); the option long: 'bigint' reads it"
  return message
}
