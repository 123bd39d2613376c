import { codecError, show } from '../codec-error.ts'

/** The options of `SchemaRegistry`. */
export interface SchemaRegistryOptions {
  /**
   * The address of the registry, with the path of its interface; or several addresses, of which the next is used when one
   * does not answer. User name and password in an address are used as `auth.basic`.
   */
  readonly url: string | readonly string[]
  /**
   * The login. A bearer token may be a function, which is called before each request, for tokens that expire. Errors never
   * show any of it.
   *
   * @default undefined: no login
   */
  readonly auth?: RegistryAuth | undefined
  /** Headers of each request. @default {} */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /**
   * Time-out of one request, in ms, until its answer has been read; also of the function `bearer`. From 1 to 2_147_483_647.
   *
   * @default 10_000
   */
  readonly timeoutMs?: number | undefined
  /**
   * The most retries of a request without an answer, or with an answer that says that the registry is overloaded or failed
   * (408, 429, 5xx). A number of at least 0. @default 4
   */
  readonly retries?: number | undefined
  /**
   * The wait before the first retry, in ms; it doubles with each retry, up to 10 s, and is shortened by up to half at random.
   * A number of at least 0. @default 100
   */
  readonly backoffMs?: number | undefined
  /** The most requests at the same time; others wait. A whole number of at least 1. @default 16 */
  readonly maxRequests?: number | undefined
  /** The largest answer, decompressed, in bytes. A whole number of at least 1. @default 16_777_216 (16 MiB) */
  readonly maxAnswerBytes?: number | undefined
  /**
   * The most schemas that one schema may refer to, directly and indirectly. A whole number of at least 0. @default 256
   */
  readonly maxReferences?: number | undefined
  /**
   * The time in ms during which a missing or unusable schema is not requested again. A number of at least 0. @default 1000
   */
  readonly failureTtlMs?: number | undefined
  /** A function like `fetch` that makes the requests, for proxies and certificates. @default the global fetch */
  readonly fetch?: typeof fetch | undefined
}

/** A login by user name and password, or by a bearer token. */
export type RegistryAuth =
  | {
      /** A login by HTTP Basic. */
      readonly basic: {
        /** The name of the user, or the API key. */
        readonly username: string
        /** The password, or the API secret. */
        readonly password: string
      }
    }
  | {
      /** The token, or a function that returns it, which is called for each request. */
      readonly bearer: string | (() => string | Promise<string>)
    }

const usage = (message: string) => codecError('USAGE', message)
const isNumber = (value: unknown, min: number) => Number.isFinite(value) && (value as number) >= min
const isText = (value: unknown): value is string => typeof value === 'string'

const MAX_TIMER_MS = 2 ** 31 - 1
const isWhole = (value: unknown, min: number) => Number.isSafeInteger(value) && (value as number) >= min

type Check = readonly [expected: string, ok: (value: unknown) => boolean]

const CHECKS: Readonly<Record<keyof SchemaRegistryOptions, Check>> = {
  url: ['an address like http://localhost:8081, or several', areAddresses],
  auth: ['{ basic: { username, password } } or { bearer: a token, or a function that returns one }', isAuth],
  headers: ['an object with strings that are valid in headers', areHeaders],
  timeoutMs: [`a number from 1 to ${MAX_TIMER_MS}`, (value) => isNumber(value, 1) && (value as number) <= MAX_TIMER_MS],
  retries: ['a number of 0 or more', (value) => isNumber(value, 0)],
  backoffMs: ['a number of 0 or more', (value) => isNumber(value, 0)],
  maxRequests: ['a whole number of 1 or more', (value) => isWhole(value, 1)],
  maxAnswerBytes: ['a whole number of 1 or more', (value) => isWhole(value, 1)],
  maxReferences: ['a whole number of 0 or more', (value) => isWhole(value, 0)],
  failureTtlMs: ['a number of 0 or more', (value) => isNumber(value, 0)],
  fetch: ['a function like the global fetch', (value) => typeof value === 'function'],
}

/** Options that may hold passwords and tokens. */
const SECRET: ReadonlySet<string> = new Set(['auth', 'headers', 'url'])

/** Throws `USAGE` for options that SchemaRegistry does not take. The message shows no secrets. */
export function checkRegistryOptions(options: SchemaRegistryOptions): void {
  if (!isObject(options)) throw usage(`SchemaRegistry takes { url, ... }, got ${show(options)}`)
  for (const name of Object.keys(options))
    if (!Object.hasOwn(CHECKS, name))
      throw usage(`SchemaRegistry has no option ${show(name)}; it takes ${Object.keys(CHECKS).join(', ')}`)
  for (const [name, [expected, ok]] of Object.entries(CHECKS)) {
    const value: unknown = options[name as keyof SchemaRegistryOptions]
    if ((value !== undefined || name === 'url') && !ok(value)) {
      const got = SECRET.has(name) ? '' : `, got ${show(value)}`
      throw usage(`${name} of SchemaRegistry has to be ${expected}${got}`)
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function areHeaders(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isText) && canBeHeaders(value as Record<string, string>)
}

/** Whether HTTP allows these headers. fetch would show an invalid value in its error. */
export function canBeHeaders(headers: Readonly<Record<string, string>>): boolean {
  try {
    void new Headers(headers)
    return true
  } catch {
    return false
  }
}

function areAddresses(value: unknown): boolean {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.length > 0 && all.every((one) => typeof one === 'string' && URL.canParse(one) && /^https?:/.test(one))
}

function isAuth(value: unknown): boolean {
  if (!isObject(value) || Object.keys(value).length !== 1) return false
  if ('bearer' in value)
    return typeof value.bearer === 'function' || (isText(value.bearer) && canBeHeaders({ authorization: value.bearer }))
  if (!('basic' in value) || !isObject(value.basic)) return false
  const { username, password } = value.basic as { readonly username?: unknown; readonly password?: unknown }
  return isText(username) && isText(password)
}
