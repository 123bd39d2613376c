import { readFileSync } from 'node:fs'
import { SnapstreamError, describe, toError } from '@snapstream/core'

export interface AvroSchema {
  readonly content: unknown
  /** For error messages. */
  readonly name: string
}

/** Throws `USAGE`, with the path, for a file that cannot be read or is not JSON. */
export function readAvroSchema(schema: object | string): AvroSchema {
  if (typeof schema === 'object' && schema !== null) return { content: schema, name: `AvroCodec${nameOf(schema)}` }
  if (typeof schema !== 'string' || schema === '')
    throw new SnapstreamError('USAGE', `AvroCodec takes a schema or the path of an .avsc file, got ${describe(schema)}`)
  let text: string
  try {
    text = readFileSync(schema, 'utf8')
  } catch (error) {
    const cause = toError(error)
    throw new SnapstreamError(
      'USAGE',
      `AvroCodec cannot read the schema file ${describe(schema)}: ${cause.message}; a schema itself is given as an object`,
      { cause },
    )
  }
  try {
    return { content: JSON.parse(text), name: `AvroCodec (${schema})` }
  } catch (error) {
    const cause = toError(error)
    throw new SnapstreamError('USAGE', `the schema file ${schema} is not JSON: ${cause.message}`, { cause })
  }
}

function nameOf(schema: object): string {
  return 'name' in schema && typeof schema.name === 'string' ? ` of ${schema.name}` : ''
}
