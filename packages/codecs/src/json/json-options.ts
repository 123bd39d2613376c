export interface JsonCodecOptions {
  /**
   * A JSON Schema that values have to meet in both directions. Of draft 2020-12, or what its `$schema` says (2019-09 or
   * draft-07). A keyword that the draft does not know is refused, and so is an unknown `format`.
   *
   * @default undefined: any JSON
   */
  readonly schema?: object | undefined
  /** Whether `format` is checked. If not it says something to people, and nothing to the codec. @default true */
  readonly formats?: boolean | undefined
  /** Schemas that `$ref` points to, by what it calls them. @default {} */
  readonly references?: Readonly<Record<string, object>> | undefined
}
