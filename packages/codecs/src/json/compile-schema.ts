import { SnapstreamError, describe, toError } from '@snapstream/core'
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { describeErrors } from './describe-errors.ts'
import type { JsonCodecOptions } from './json-options.ts'

/** Says what is wrong with a value, or undefined. */
export type Check = (value: unknown) => string | undefined

const OPTIONS = ['schema', 'formats', 'references']
const usage = (message: string, cause?: Error) => new SnapstreamError('USAGE', message, cause && { cause })

/**
 * Throws `USAGE` for options that JsonCodec does not have and for a schema that does not compile. `lenient`: keywords and
 * formats that are not known count for nothing.
 */
export function compileSchema(options: JsonCodecOptions, lenient = false): Check | undefined {
  checkOptions(options)
  const { schema, formats = true, references = {} } = options
  if (schema === undefined) return undefined
  const Draft = draftOf(schema)
  const ajv = new Draft({
    // Keeps the value that came, for the message.
    verbose: true,
    validateFormats: formats,
    strictTypes: false,
    strictTuples: false,
    ...(lenient && LENIENT),
  })
  // Made for `import` and for `require`, and seen by TypeScript as the latter.
  const addFormats = (ajvFormats as unknown as { readonly default?: (ajv: Ajv) => void }).default ?? ajvFormats
  if (formats) (addFormats as (ajv: Ajv) => void)(ajv)
  const validate = compile(ajv, schema, references)
  return (value) => (validate(value) ? undefined : describeErrors(validate.errors ?? ([] as ErrorObject[])))
}

const LENIENT: Options = { strict: false, logger: false }

function checkOptions(options: JsonCodecOptions): void {
  if (typeof options !== 'object' || options === null)
    throw usage(`JsonCodec takes { schema }, got ${describe(options)}`)
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined)
    throw usage(`JsonCodec takes the options ${OPTIONS.join(', ')}, got "${unknown}"; write JsonCodec({ schema })`)
  const { schema, formats = true, references = {} } = options
  if (schema !== undefined && (typeof schema !== 'object' || schema === null || '$async' in schema))
    throw usage(`the schema of JsonCodec is a synchronous JSON Schema, got ${describe(schema)}`)
  if (typeof formats !== 'boolean')
    throw usage(`formats of JsonCodec has to be true or false, got ${describe(formats)}`)
  if (typeof references !== 'object' || references === null || Array.isArray(references))
    throw usage(`references of JsonCodec has to be an object with schemas, got ${describe(references)}`)
}

function draftOf(schema: object): typeof Ajv {
  const draft = '$schema' in schema ? schema.$schema : undefined
  if (draft === undefined) return Ajv2020
  if (typeof draft === 'string') {
    if (draft.includes('2020-12')) return Ajv2020
    if (draft.includes('2019-09')) return Ajv2019
    if (draft.includes('draft-07')) return Ajv
  }
  throw usage(
    `JsonCodec cannot use this schema: its $schema is ${describe(draft)}; it has to be a JSON Schema of draft 2020-12, 2019-09 or draft-07`,
  )
}

function compile(ajv: Ajv, schema: object, references: Readonly<Record<string, object>>): ValidateFunction {
  try {
    const base = '$id' in schema && typeof schema.$id === 'string' ? schema.$id : undefined
    for (const [name, reference] of Object.entries(references))
      ajv.addSchema(reference, base !== undefined && URL.canParse(name, base) ? new URL(name, base).href : name)
    return ajv.compile(schema)
  } catch (error) {
    const cause = toError(error)
    throw usage(
      `JsonCodec cannot use this schema: ${cause.message}; it has to be a JSON Schema of draft 2020-12`,
      cause,
    )
  }
}
