import { SnapstreamError, describe, toError, type SyncCodec } from '@snapstream/core'
import { asBuffer } from '../as-buffer.ts'
import { describeMismatch } from './describe-mismatch.ts'
import { readAvroSchema } from './read-avro-schema.ts'
import { toAvroType } from './to-avro-type.ts'

/**
 * Values as Avro in its binary encoding, by one schema for writing and reading. Made through avsc, whose values it takes:
 * `bytes` and `fixed` are Buffers; a union is the bare value where its branches can be told apart, else `{ branch: value }`.
 * A `long` that a JavaScript number cannot hold exactly is refused in both directions, and so are fields that the schema
 * does not have.
 *
 * Throws `USAGE` for a schema or a file that cannot be used. Encoding rejects with `ENCODE_FAILED`, decoding with
 * `DECODE_FAILED`: bytes that are too few, too many, or not what the schema says.
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
export function AvroCodec<T = unknown>(schema: object | string): SyncCodec<T> {
  const { content, name } = readAvroSchema(schema)
  const type = toAvroType(content, name)
  return {
    encode(value) {
      if (!type.isValid(value, { noUndeclaredFields: true }))
        throw new SnapstreamError('ENCODE_FAILED', `${name}: ${describeMismatch(type, value)}`)
      try {
        return type.toBuffer(value)
      } catch (error) {
        const cause = toError(error)
        throw new SnapstreamError('ENCODE_FAILED', `${name} cannot write ${describe(value)}: ${cause.message}`, {
          cause,
        })
      }
    },
    decode(bytes) {
      try {
        return type.fromBuffer(asBuffer(bytes)) as T
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

function explain(message: string): string {
  if (message === 'truncated buffer') return 'they end too early'
  if (message === 'trailing data') return 'there are more of them than the value takes'
  if (message === 'potential precision loss') return 'a long is beyond what a number holds exactly (2^53)'
  return message
}
