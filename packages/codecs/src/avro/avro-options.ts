import { SnapstreamError, describe } from '@snapstream/core'
import { isLimit, LIMIT_EXPECTED, type Limits } from '../limits.ts'
import type { LogicalType } from './logical-type.ts'

/** The options of `AvroCodec`. */
export interface AvroCodecOptions extends Limits {
  /**
   * The schema (or the path of the .avsc file) of the writer, if it differs from `schema`: values are then read by Avro's
   * schema resolution. Fields that the writer does not have get their defaults; other fields of the writer are skipped.
   *
   * @default the schema itself
   */
  readonly writer?: object | string | undefined
  /**
   * Schemas (or paths) of the named types that `schema` and `writer` use without defining them. Each may use the types of
   * those before it.
   *
   * @default []
   */
  readonly references?: readonly (object | string)[] | undefined
  /**
   * The type of a `long`: `'number'`, with an error for a value beyond 2^53 that a number cannot hold exactly, or
   * `'bigint'`.
   *
   * @default 'number'
   */
  readonly long?: 'number' | 'bigint' | undefined
  /**
   * The form of a union's value. `'auto'`: the bare value where the branches can be told apart, else `{ branch: value }`.
   * `'always'`: `{ branch: value }`.
   *
   * @default 'auto'
   */
  readonly wrapUnions?: 'auto' | 'always' | undefined
  /**
   * Logical types by name, in addition to the built-in ones or in place of them. `false` turns a logical type off: its
   * values are those of the type below.
   *
   * @default {}
   */
  readonly logicalTypes?: Readonly<Record<string, LogicalType | false>> | undefined
}

const CHECKS: Readonly<Record<keyof AvroCodecOptions, readonly [expected: string, ok: (value: unknown) => boolean]>> = {
  writer: ['a schema, or the path of an .avsc file', () => true],
  references: ['an array of schemas or paths of .avsc files', Array.isArray],
  long: ["'number' or 'bigint'", (value) => value === 'number' || value === 'bigint'],
  wrapUnions: ["'auto' or 'always'", (value) => value === 'auto' || value === 'always'],
  logicalTypes: ['an object with logical types by their names, or false', areLogicalTypes],
  maxBytes: [LIMIT_EXPECTED, isLimit],
  maxDepth: [LIMIT_EXPECTED, isLimit],
  maxItems: [LIMIT_EXPECTED, isLimit],
}

/** Throws `USAGE` for options that AvroCodec does not take. */
export function checkAvroOptions(options: AvroCodecOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new SnapstreamError('USAGE', `AvroCodec takes an object of options, got ${describe(options)}`)
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof AvroCodecOptions] : undefined
    if (check === undefined)
      throw new SnapstreamError(
        'USAGE',
        `AvroCodec has no option ${describe(name)}; it takes ${Object.keys(CHECKS).join(', ')}`,
      )
    const [expected, ok] = check
    if (value !== undefined && !ok(value))
      throw new SnapstreamError('USAGE', `${name} of AvroCodec has to be ${expected}, got ${describe(value)}`)
  }
}

function areLogicalTypes(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(
      (type: unknown) =>
        type === false ||
        (typeof type === 'object' &&
          type !== null &&
          ['fromAvro', 'toAvro', 'kind', 'takes'].every((part) => part in type)),
    )
  )
}
