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
  /** How long one request may take, in ms. At least 1. @default 10_000 */
  readonly timeoutMs?: number | undefined
  /**
   * How often a request is made again that found no registry, one that is overloaded, or one that failed by itself (no
   * answer, 429, 5xx). @default 4
   */
  readonly retries?: number | undefined
  /** How long to wait before the first repetition, in ms; each wait is twice the one before. @default 100 */
  readonly backoffMs?: number | undefined
  /** What makes requests, where they have to go through a proxy or need a certificate. @default the global fetch */
  readonly fetch?: typeof fetch | undefined
}

export type RegistryAuth =
  | { readonly basic: { readonly username: string; readonly password: string } }
  | { readonly bearer: string | (() => string | Promise<string>) }
