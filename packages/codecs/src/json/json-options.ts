import type { ByteLimits } from '../limits.ts'

export interface JsonCodecOptions extends ByteLimits {
  /**
   * A JSON Schema that values have to meet in both directions: of the draft that its `$schema` says (2020-12, 2019-09,
   * draft-07, draft-06 or draft-04), else of 2020-12, or of draft-07 where its `items` is a list. A keyword that the draft
   * does not know is refused, and so is an unknown `format`.
   *
   * @default undefined: any JSON
   */
  readonly schema?: object | undefined
  /** Whether `format` is checked. If not it says something to people, and nothing to the codec. @default true */
  readonly formats?: boolean | undefined
  /** Schemas that `$ref` points to, by what it calls them. @default {} */
  readonly references?: Readonly<Record<string, object>> | undefined
}
