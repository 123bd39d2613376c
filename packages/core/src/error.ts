/**
 * What went wrong, as a stable word that programs can switch on.
 *
 * - `USAGE`: an option or an argument is not what the API takes.
 * - `CYCLE`: a binding would feed itself without bound.
 * - `ALREADY_RUNNING`, `NOTHING_BOUND`: `stream` was called at the wrong time.
 * - `NOT_OPEN`: a topic or cache was used before `open()`.
 * - `DECODE_FAILED`, `ENCODE_FAILED`: bytes or a value that a codec refuses.
 * - `SINK_REFUSED`: a sink cannot take this value.
 * - `SINK_FAILED`, `SOURCE_FAILED`, `HANDLER_FAILED`: what another party threw; the original is the `cause`.
 * - `SHUTDOWN_TIMEOUT`: `shutdownMs` passed before everything in flight was finished.
 * - `BROKER_UNREACHABLE`, `TOPIC_MISSING`, `AUTHENTICATION_REFUSED`, `RECORD_TOO_LARGE`, `OFFSET_OUT_OF_RANGE`,
 *   `FENCED`, `UNSUPPORTED`, `KAFKA_FAILED`: what Kafka or its client said.
 * - `CACHE_LOCKED`, `CACHE_CORRUPT`, `CACHE_FAILED`: what a cache's backend said.
 */
export type ErrorCode =
  | 'USAGE'
  | 'CYCLE'
  | 'ALREADY_RUNNING'
  | 'NOTHING_BOUND'
  | 'NOT_OPEN'
  | 'DECODE_FAILED'
  | 'ENCODE_FAILED'
  | 'SINK_REFUSED'
  | 'SINK_FAILED'
  | 'SOURCE_FAILED'
  | 'HANDLER_FAILED'
  | 'SHUTDOWN_TIMEOUT'
  | 'BROKER_UNREACHABLE'
  | 'TOPIC_MISSING'
  | 'AUTHENTICATION_REFUSED'
  | 'RECORD_TOO_LARGE'
  | 'OFFSET_OUT_OF_RANGE'
  | 'FENCED'
  | 'UNSUPPORTED'
  | 'KAFKA_FAILED'
  | 'CACHE_LOCKED'
  | 'CACHE_CORRUPT'
  | 'CACHE_FAILED'

/** Where it happened, as far as it is known. */
export interface ErrorFields {
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly key?: unknown
  readonly binding?: string
}

const BRAND = '~snapstream.error'

/**
 * The one error class of Snapstream. The message states what was expected, what came and what to do; `code` says the
 * kind; `cause` holds the original error where there is one.
 *
 * @example
 * try {
 *   await stream()
 * } catch (error) {
 *   if (SnapstreamError.is(error) && error.code === 'BROKER_UNREACHABLE') process.exitCode = 1
 * }
 */
export class SnapstreamError extends Error {
  readonly code: ErrorCode
  declare readonly topic?: string
  declare readonly partition?: number
  declare readonly offset?: number
  declare readonly key?: unknown
  declare readonly binding?: string

  constructor(code: ErrorCode, message: string, { cause, ...fields }: ErrorFields & { readonly cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'SnapstreamError'
    this.code = code
    Object.assign(this, fields)
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Whether a value is a SnapstreamError, also one made by another copy of this package in the same process. */
  static is(value: unknown): value is SnapstreamError {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/** Anything that was thrown, as an Error: what is not one is wrapped, with the thrown value as its `cause`. */
export function toError(thrown: unknown): Error {
  // An error of another realm (a vm context, a worker) fails `instanceof` and is still an error.
  if (thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]') return thrown as Error
  return new SnapstreamError('HANDLER_FAILED', `${describe(thrown)} was thrown`, { cause: thrown })
}

/** Anything that was thrown, as a SnapstreamError: what has no code yet gets this one. */
export function toSnapstreamError(code: ErrorCode, what: string, thrown: unknown): SnapstreamError {
  const cause = toError(thrown)
  return SnapstreamError.is(cause) ? cause : new SnapstreamError(code, `${what}: ${cause.message}`, { cause })
}

/** A value in a few words, for error messages: its type, and its content where that is short. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
  if (typeof value === 'function') return `the function ${value.name}`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value !== 'object' || value === null) return `${String(value)}${typeof value === 'bigint' ? 'n' : ''}`
  const name: unknown = value.constructor?.name
  return name === 'Object' ? `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'no fields'}` : `a ${name}`
}

/** Throws `USAGE` unless something is as expected. */
export function expectUsage(ok: boolean, what: string, expected: string, got: unknown): void {
  if (!ok) throw new SnapstreamError('USAGE', `${what} has to be ${expected}, got ${describe(got)}`)
}

/** Throws `USAGE` unless the value is a finite number of at least `min`. */
export function expectNumber(value: unknown, what: string, min: number): void {
  expectUsage(Number.isFinite(value) && (value as number) >= min, what, `a number of ${min} or more`, value)
}

/** Throws `USAGE` for an option that does not exist. */
export function expectNames(options: object, names: readonly string[], what: string): void {
  for (const name of Object.keys(options))
    expectUsage(names.includes(name), `an option of ${what}`, `one of ${names.join(', ')}`, name)
}
