import { codecError, messageOf } from '../codec-error.ts'

/** A schema of the registry. Throws `SCHEMA_UNUSABLE`. */
export function parseSchema(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // A primitive type may be registered as its bare name.
    if (/^[a-z]+$/.test(text)) return text
    throw codecError('SCHEMA_UNUSABLE', `${what} is not JSON: ${messageOf(error)}`, error)
  }
}
