export interface SchemaRegistryOptions {
  /**
   * The address of the registry, with the path below which its interface stands. Of several, the next is asked when one
   * does not answer. Name and password in an address are taken as `auth.basic`.
   */
  readonly url: string | readonly string[]
  /**
   * How to log in. A bearer token may be a function that is asked before each request, for tokens that expire. None of it
   * is ever shown in an error.
   *
   * @default undefined: without
   */
  readonly auth?: RegistryAuth | undefined
  /** Sent with each request. @default {} */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /**
   * How long one request may take, in ms, until its answer has been read; so may the function `bearer`. From 1 to
   * 2_147_483_647. @default 10_000
   */
  readonly timeoutMs?: number | undefined
  /**
   * How often a request is made again that found no registry, one that is overloaded, or one that failed by itself (no
   * answer, 429, 5xx). @default 4
   */
  readonly retries?: number | undefined
  /** How long to wait before the first repetition, in ms; each wait is twice the one before. @default 100 */
  readonly backoffMs?: number | undefined
  /** How many requests may be under way at the same time; more of them wait. At least 1. @default 16 */
  readonly maxRequests?: number | undefined
  /** How many bytes an answer may have once it is decompressed. At least 1. @default 16_777_216 (16 MiB) */
  readonly maxAnswerBytes?: number | undefined
  /** How many other schemas a schema may refer to, those that they refer to included. @default 256 */
  readonly maxReferences?: number | undefined
  /**
   * How long it counts, in ms, that a schema is missing or cannot be used: as long nothing is asked again for it. 0 for not
   * at all. @default 1000
   */
  readonly failureTtlMs?: number | undefined
  /** What makes requests, where they have to go through a proxy or need a certificate. @default the global fetch */
  readonly fetch?: typeof fetch | undefined
}

export type RegistryAuth =
  | { readonly basic: { readonly username: string; readonly password: string } }
  | { readonly bearer: string | (() => string | Promise<string>) }
