import { codecError, show } from '../codec-error.ts'
import { isLimit, LIMIT_EXPECTED, type ByteLimits } from '../limits.ts'

/** The options of `JsonCodec`. */
export interface JsonCodecOptions extends ByteLimits {
  /**
   * A JSON Schema that values have to match when they are encoded and when they are decoded. Its draft is that of its
   * `$schema` (2020-12, 2019-09, draft-07, draft-06 or draft-04); without `$schema` it is 2020-12, or draft-07 if an
   * `items` is a list, or draft-04 if an `exclusiveMinimum` or `exclusiveMaximum` is a boolean. Unknown keywords and unknown
   * formats are refused.
   *
   * @default undefined: any JSON
   */
  readonly schema?: object | undefined
  /** Whether `format` is checked; otherwise it is an annotation. @default true */
  readonly formats?: boolean | undefined
  /** The schemas that `$ref` points to, by the name that `$ref` uses. @default {} */
  readonly references?: Readonly<Record<string, object>> | undefined
}

const NAMES = ['schema', 'formats', 'references', 'maxBytes', 'maxDepth']

/** Throws `USAGE` for options that JsonCodec does not take. */
export function checkJsonOptions(options: JsonCodecOptions): void {
  const usage = (message: string) => codecError('USAGE', message)
  if (typeof options !== 'object' || options === null) throw usage(`JsonCodec takes { schema }, got ${show(options)}`)
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown !== undefined)
    throw usage(`JsonCodec takes the options ${NAMES.join(', ')}, got ${show(unknown)}; write JsonCodec({ schema })`)
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
