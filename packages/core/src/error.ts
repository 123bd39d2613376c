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

  constructor(code: ErrorCode, message: string, options: ErrorFields & { readonly cause?: unknown } = {}) {
    const { cause, ...fields } = options
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
  if (thrown instanceof Error || SnapstreamError.is(thrown)) return thrown
  // An error of another realm (a vm context, a worker) fails `instanceof` and is still an error.
  if (Object.prototype.toString.call(thrown) === '[object Error]') return thrown as Error
  return new SnapstreamError('HANDLER_FAILED', `a value that is not an Error was thrown: ${describe(thrown)}`, {
    cause: thrown,
  })
}

/** A value in a few words, for error messages: its type, and its content where that is short. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  if (typeof value === 'string')
    return value.length > 60
      ? `the string ${JSON.stringify(value.slice(0, 57))}...`
      : `the string ${JSON.stringify(value)}`
  if (typeof value === 'bigint') return `the bigint ${value}n`
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'symbol') return String(value)
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === 'string' && name !== 'Object' ? `a ${name}` : `an object with ${fieldsOf(value)}`
}

function fieldsOf(value: object): string {
  const names = Object.keys(value)
  if (names.length === 0) return 'no fields'
  return `the fields ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}`
}
