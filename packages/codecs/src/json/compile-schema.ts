import { SnapstreamError, describe, toError } from '@snapstream/core'
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import type { JsonCodecOptions } from './json-codec.ts'

/** Says what is wrong with a value, or undefined. */
export type Check = (value: unknown) => string | undefined

const SHOWN_ERRORS = 4

/** Throws `USAGE` for options that JsonCodec does not have and for a schema that does not compile. */
export function compileSchema(options: JsonCodecOptions): Check | undefined {
  if (typeof options !== 'object' || options === null)
    throw new SnapstreamError('USAGE', `JsonCodec takes { schema }, got ${describe(options)}`)
  const unknown = Object.keys(options).find((name) => name !== 'schema')
  if (unknown !== undefined)
    throw new SnapstreamError(
      'USAGE',
      `JsonCodec takes the option schema, got "${unknown}"; write JsonCodec({ schema })`,
    )
  const { schema } = options
  if (schema === undefined) return undefined
  if (typeof schema !== 'object' || schema === null || '$async' in schema)
    throw new SnapstreamError('USAGE', `the schema of JsonCodec is a synchronous JSON Schema, got ${describe(schema)}`)
  // verbose keeps the value that came, for the message.
  const ajv = new Ajv2020({ verbose: true, validateFormats: false, strictTypes: false, strictTuples: false })
  const validate = compile(ajv, schema)
  return (value) => (validate(value) ? undefined : describeErrors(validate.errors ?? []))
}

function compile(ajv: Ajv2020, schema: object): ReturnType<Ajv2020['compile']> {
  try {
    return ajv.compile(schema)
  } catch (error) {
    const cause = toError(error)
    throw new SnapstreamError(
      'USAGE',
      `JsonCodec cannot use this schema: ${cause.message}; it has to be a JSON Schema of draft 2020-12`,
      { cause },
    )
  }
}

function describeErrors(errors: readonly ErrorObject[]): string {
  const shown = errors.slice(0, SHOWN_ERRORS).map(({ instancePath, message, keyword, params, data }) => {
    const detail = keyword === 'additionalProperties' ? ` ("${String(params['additionalProperty'])}")` : ''
    const allowed = keyword === 'enum' || keyword === 'const' ? ` ${JSON.stringify(Object.values(params)[0])}` : ''
    return `${toPath(instancePath)} ${message ?? keyword}${detail}${allowed}, got ${describe(data)}`
  })
  return `${shown.join('; ')}${errors.length > SHOWN_ERRORS ? '; ...' : ''}`
}

/** A JSON pointer as a path: `/items/0/id` is `$.items[0].id`. */
function toPath(pointer: string): string {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  return `$${names.map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`)).join('')}`
}
