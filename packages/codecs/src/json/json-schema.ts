import { createContext, Script, type Context } from 'node:vm'
import type { Ajv, ErrorObject, Options, ValidateFunction } from 'ajv'
import ajvFormats from 'ajv-formats'
import { codecError, cut, messageOf, show } from '../codec-error.ts'
import { isCostly } from './costly-schema.ts'
import { ajvOf, checkSchema, draftOf, type Draft } from './draft.ts'
import { checkJsonOptions, type JsonCodecOptions } from './json-options.ts'

/** Describes why a value does not match a schema; undefined if it does. */
export type Check = (value: unknown) => string | undefined

/** The time limit for the check of one value, in ms, by a schema that could take minutes. */
const MAX_CHECK_MS = 1000
const MAX_ERRORS = 4

/** In schemas that others registered, unknown keywords and formats are ignored. */
const FOREIGN: Options = { strict: false, logger: false }

/** Throws `USAGE` for options that JsonCodec does not take, and for a schema that does not compile. */
export function compileSchema(options: JsonCodecOptions): Check | undefined {
  checkJsonOptions(options)
  const { schema, formats = true, references = {} } = options
  return schema && compile(schema, { references, formats, ajv: {} })
}

/** The same for a schema that others registered. Throws `USAGE`. */
export function compileForeignSchema(
  schema: unknown,
  references: Readonly<Record<string, unknown>>,
  formats: boolean,
): Check {
  for (const [name, each] of Object.entries({ 'the schema': schema, ...references }))
    if (typeof each !== 'boolean' && (typeof each !== 'object' || each === null || Array.isArray(each)))
      throw codecError('USAGE', `a JSON Schema is an object, true or false, and ${show(name)} is ${show(each)}`)
  return compile(schema as object | boolean, {
    references: references as Readonly<Record<string, object>>,
    formats,
    ajv: FOREIGN,
  })
}

interface CompileOptions {
  readonly references: Readonly<Record<string, object>>
  readonly formats: boolean
  /** Further options for ajv. */
  readonly ajv: Options
}

function compile(schema: object | boolean, { references, formats, ajv: options }: CompileOptions): Check {
  const draft = draftOf(schema)
  let validate: ValidateFunction
  let costly: boolean
  try {
    const ajv = ajvOf(draft, {
      // Keeps the value, for the error message.
      verbose: true,
      // `checkSchema` validates the schema.
      validateSchema: false,
      validateFormats: formats,
      strictTypes: false,
      strictTuples: false,
      ...options,
    })
    // The package has the function as `default` by import, and as itself by require; its types know the latter.
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
    return answer ? answer.result : `it takes more than ${MAX_CHECK_MS} ms to check it against the schema`
  }
  return guarded(costly ? bounded : check)
}

/** Turns an exception into a mismatch: a schema may recurse without end, or have a pattern that fails when it is used. */
function guarded(check: Check): Check {
  return (value) => {
    try {
      return check(value)
    } catch (error) {
      return `it cannot be checked against the schema: ${messageOf(error)}`
    }
  }
}

/** The draft is known already, and ajv knows fewer spellings of it. */
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

/** Describes ajv's errors by path, expected value and actual value. */
function describeErrors(errors: readonly ErrorObject[]): string {
  const shown = errors.slice(0, MAX_ERRORS).map(({ instancePath, message, keyword, params, data }) => {
    const extra: unknown = params['additionalProperty'] ?? params['unevaluatedProperty']
    const detail = typeof extra === 'string' ? ` ("${cut(extra)}")` : ''
    const allowed =
      keyword === 'enum' || keyword === 'const' ? ` ${cut(JSON.stringify(Object.values(params)[0]) ?? '')}` : ''
    return `${cut(toPath(instancePath))} ${cut(message ?? keyword)}${detail}${allowed}, got ${show(data)}`
  })
  return `${shown.join('; ')}${errors.length > MAX_ERRORS ? '; ...' : ''}`
}

/** A JSON pointer as a path: `/items/0/id` is `$.items[0].id`. */
function toPath(pointer: string): string {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  return `$${names.map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`)).join('')}`
}

const script = new Script('run()')
let context: Context | undefined

/**
 * The result of `run`, or undefined if it takes longer than `ms`. It is stopped wherever it is, even within a regular
 * expression. The time limit costs about 0.1 ms.
 */
function withinTime<T>(run: () => T, ms: number): { readonly result: T } | undefined {
  context ??= createContext(Object.create(null) as Context)
  const outer: unknown = context['run']
  context['run'] = () => ({ result: run() })
  try {
    return script.runInContext(context, { timeout: ms }) as { readonly result: T }
  } catch (error) {
    if ((error as { readonly code?: unknown } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined
    throw error
  } finally {
    context['run'] = outer
  }
}
