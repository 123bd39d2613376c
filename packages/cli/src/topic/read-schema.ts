import { readFileSync } from 'node:fs'
import { toError } from '@snapstream/core'
import { usage } from '../usage.ts'

/** The schema in an .avsc file. Throws `USAGE` for one that cannot be read or is no JSON. */
export function readSchema(path: string): object {
  let schema: unknown
  try {
    schema = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw usage(`the schema ${path} cannot be read: ${toError(error).message}`, error)
  }
  // A type that has only a name, as "string".
  return typeof schema === 'object' && schema !== null ? schema : { type: schema }
}
