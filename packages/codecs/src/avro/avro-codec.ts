import { SnapstreamError, describe, toError, type SyncCodec } from '@snapstream/core'
import { asBuffer } from '../as-buffer.ts'
import type { AvroCodecOptions } from './avro-options.ts'
import { checkAvroOptions } from './check-avro-options.ts'
import { describeMismatch } from './describe-mismatch.ts'
import { makeType } from './make-type.ts'
import type { AvroType } from './internals.ts'
import { readAvroSchema } from './read-avro-schema.ts'

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
  const { content, name } = readAvroSchema(schema)
  const references = (options.references ?? []).map((reference) => readAvroSchema(reference).content)
  const type = makeType(content, references, options, name)
  const resolver = options.writer === undefined ? undefined : resolve(type, options.writer, references, options, name)
  return {
    encode(value) {
      try {
        return type.toBuffer(value)
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

type Resolver = Exclude<Parameters<AvroType['fromBuffer']>[1], undefined>

function resolve(
  type: AvroType,
  writer: object | string,
  references: readonly unknown[],
  options: AvroCodecOptions,
  name: string,
): Resolver | undefined {
  const { content, name: writerName } = readAvroSchema(writer)
  const writerType = makeType(content, references, options, `the writer's schema of ${writerName}`)
  try {
    return type.createResolver(writerType) as Resolver
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
