import { SnapstreamError, toError } from '@snapstream/core'
import avro, { type Schema, type Type } from 'avsc'
import { STRICT, makeStrict } from './strict-types.ts'

/** Throws `USAGE` for what is not an Avro schema. */
export function toAvroType(content: unknown, name: string): Type {
  // The hook is asked again for what it makes itself.
  let making: Schema | undefined
  try {
    return avro.Type.forSchema(content as Schema, {
      typeHook(schema, options) {
        const kind = kindOf(schema)
        if (schema === making || !Object.hasOwn(STRICT, kind)) {
          making = undefined
          return undefined
        }
        making = schema
        return makeStrict(avro.Type.forSchema(schema, options), STRICT[kind]!)
      },
    })
  } catch (error) {
    const cause = toError(error)
    throw new SnapstreamError('USAGE', `${name} cannot use its schema: ${cause.message}`, { cause })
  }
}

function kindOf(schema: unknown): string {
  if (typeof schema === 'object' && schema !== null && 'type' in schema) return String(schema.type)
  return typeof schema === 'string' ? schema : ''
}
