import { SnapstreamError } from '@snapstream/core'
import type { Ajv, ErrorObject, Options, ValidateFunction } from 'ajv'
import ajvFormats from 'ajv-formats'
import { codecError, messageOf, show } from '../codec-error.ts'
import { isLimit, LIMIT_EXPECTED } from '../limits.ts'
import { isCostly } from './costly-schema.ts'
import { describeErrors } from './describe-errors.ts'
import { ajvOf, checkSchema, draftOf, type Draft } from './draft.ts'
import type { JsonCodecOptions } from './json-options.ts'
import { addUniqueItems } from './unique-items.ts'
import { withinTime } from './within-time.ts'

/** Says what is wrong with a value, or undefined. */
export type Check = (value: unknown) => string | undefined

/** How long the check of one value may take, in ms, by a schema with which it could take minutes. */
const MAX_CHECK_MS = 1000

const OPTIONS = ['schema', 'formats', 'references', 'maxBytes', 'maxDepth']

/** What others registered: keywords and formats that are not known count for nothing. */
const FOREIGN: Options = { strict: false, logger: false }

/** Throws `USAGE` for options that JsonCodec does not have, and for a schema that does not compile. */
export function compileSchema(options: JsonCodecOptions): Check | undefined {
  checkOptions(options)
  const { schema, formats = true, references = {} } = options
  return schema && compile(schema, references, formats, {})
}

/** The same of a schema that others registered. */
export function compileForeignSchema(
  schema: unknown,
  references: Readonly<Record<string, unknown>>,
  formats: boolean,
): Check {
  for (const [name, each] of Object.entries({ 'the schema': schema, ...references }))
    if (typeof each !== 'boolean' && (typeof each !== 'object' || each === null || Array.isArray(each)))
      throw codecError('USAGE', `a JSON Schema is an object, true or false, and ${show(name)} is ${show(each)}`)
  return compile(schema as object | boolean, references as Readonly<Record<string, object>>, formats, FOREIGN)
}

function compile(
  schema: object | boolean,
  references: Readonly<Record<string, object>>,
  formats: boolean,
  options: Options,
): Check {
  const draft = draftOf(schema)
  let validate: ValidateFunction
  let costly: boolean
  try {
    const ajv = ajvOf(draft, {
      // Keeps the value that came, for the message.
      verbose: true,
      // Whether it is a schema is checked apart.
      validateSchema: false,
      validateFormats: formats,
      strictTypes: false,
      strictTuples: false,
      ...options,
    })
    addUniqueItems(ajv)
    // Made for `import` and for `require`, and seen by TypeScript as the latter.
    const addFormats = (ajvFormats as unknown as { readonly default?: (ajv: Ajv) => void }).default ?? ajvFormats
    if (formats) (addFormats as (ajv: Ajv) => void)(ajv)
    const base = baseOf(schema, draft)
    checkSchema(withoutDraft(schema), draft)
    for (const [name, reference] of Object.entries(references)) {
      checkSchema(withoutDraft(reference), draft)
      ajv.addSchema(
        withoutDraft(reference),
        base !== undefined && URL.canParse(name, base) ? new URL(name, base).href : name,
      )
    }
    validate = ajv.compile(withoutDraft(schema))
    costly = isCostly([schema, ...Object.values(references)])
  } catch (error) {
    throw codecError(
      'USAGE',
      `JsonCodec cannot use this schema: ${messageOf(error)}; it has to be a JSON Schema of draft ${draft.replace('draft-', '')}`,
      error,
    )
  }
  const check: Check = (value) =>
    validate(value) ? undefined : describeErrors(validate.errors ?? ([] as ErrorObject[]))
  const bounded: Check = (value) => {
    const answer = withinTime(() => check(value), MAX_CHECK_MS)
    return answer ? answer.made : `it takes more than ${MAX_CHECK_MS} ms to check it against the schema`
  }
  return guarded(costly ? bounded : check)
}

/** A schema may refer to itself where a value does not, or have a pattern that is too large once it is used. */
function guarded(check: Check): Check {
  return (value) => {
    try {
      return check(value)
    } catch (error) {
      return `it cannot be checked against the schema: ${messageOf(error)}`
    }
  }
}

/** Which draft it is, is known; ajv knows fewer spellings. */
function withoutDraft(schema: object | boolean): object | boolean {
  if (typeof schema === 'boolean' || !('$schema' in schema)) return schema
  const { $schema: _, ...rest } = schema
  return rest
}

function baseOf(schema: object | boolean, draft: Draft): string | undefined {
  if (typeof schema === 'boolean') return undefined
  const id = (schema as Readonly<Record<string, unknown>>)[draft === 'draft-04' ? 'id' : '$id']
  return typeof id === 'string' ? id : undefined
}

function checkOptions(options: JsonCodecOptions): void {
  const usage = (message: string) => new SnapstreamError('USAGE', message)
  if (typeof options !== 'object' || options === null) throw usage(`JsonCodec takes { schema }, got ${show(options)}`)
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined)
    throw usage(`JsonCodec takes the options ${OPTIONS.join(', ')}, got ${show(unknown)}; write JsonCodec({ schema })`)
  const { schema, formats = true, references = {} } = options
  if (schema !== undefined && (typeof schema !== 'object' || schema === null || '$async' in schema))
    throw usage(`the schema of JsonCodec is a synchronous JSON Schema, got ${show(schema)}`)
  if (typeof formats !== 'boolean') throw usage(`formats of JsonCodec has to be true or false, got ${show(formats)}`)
  if (typeof references !== 'object' || references === null || Array.isArray(references))
    throw usage(`references of JsonCodec has to be an object with schemas, got ${show(references)}`)
  for (const name of ['maxBytes', 'maxDepth'] as const)
    if (options[name] !== undefined && !isLimit(options[name]))
      throw usage(`${name} of JsonCodec has to be ${LIMIT_EXPECTED}, got ${show(options[name])}`)
}
