import type { Limits } from '../limits.ts'
import type { LogicalType } from './logical-type.ts'

export interface AvroCodecOptions extends Limits {
  /**
   * The schema that the bytes were written with, if it is another one (or its path): they are read as `schema` then, by
   * Avro's rules. Fields that are new get their defaults, those that are gone are skipped.
   *
   * @default the schema itself
   */
  readonly writer?: object | string | undefined
  /**
   * Schemas (or paths) of the named types that `schema` and `writer` use without defining them; one may use those before
   * it.
   *
   * @default []
   */
  readonly references?: readonly (object | string)[] | undefined
  /**
   * What a `long` is: a number, and an error if that does not hold it exactly (beyond 2^53), or always a bigint.
   *
   * @default 'number'
   */
  readonly long?: 'number' | 'bigint' | undefined
  /**
   * How the value of a union is written down: bare where its branches can be told apart, and as `{ branch: value }`
   * elsewhere; or `'always'` the latter.
   *
   * @default 'auto'
   */
  readonly wrapUnions?: 'auto' | 'always' | undefined
  /**
   * Logical types of your own, or others in place of those that are built in; false takes the values below as they are.
   *
   * @default {}
   */
  readonly logicalTypes?: Readonly<Record<string, LogicalType | false>> | undefined
}
