import { cut, describe, reasonOf, safely, toError } from './describe.ts'

/** The limit for a message, in characters. */
const MAX_MESSAGE = 4000

/**
 * The kind of an error, as a stable word that programs can switch on.
 *
 * - `USAGE`: an option or an argument is wrong.
 * - `CYCLE`: a binding would feed itself without bound.
 * - `ALREADY_RUNNING`, `NOTHING_BOUND`: `stream` was called at the wrong time.
 * - `NOT_OPEN`: a topic or cache was used before `open()`.
 * - `DECODE_FAILED`, `ENCODE_FAILED`: a codec refused bytes or a value.
 * - `SINK_REFUSED`: a sink cannot take one value.
 * - `BUFFER_FULL`: too many writes without waiting for their acknowledgement.
 * - `SINK_FAILED`, `SOURCE_FAILED`, `HANDLER_FAILED`: a sink, source or handler threw, also while it was opened or closed;
 *   the original error is the `cause`.
 * - `PROCESSING_TIMEOUT`: one message took longer than the `maxProcessingMs` of its binding.
 * - `SHUTDOWN_TIMEOUT`: not everything was finished and closed within `shutdownMs`; the message lists the unfinished work.
 * - `BROKER_UNREACHABLE`, `TLS_REFUSED`, `TOPIC_MISSING`, `TOPIC_EXISTS`, `AUTHENTICATION_REFUSED`, `RECORD_TOO_LARGE`,
 *   `OFFSET_OUT_OF_RANGE`, `GROUP_MISSING`, `GROUP_NOT_EMPTY`, `FENCED`, `UNSUPPORTED`, `KAFKA_FAILED`: an error of Kafka
 *   or its client.
 * - `REGISTRY_UNREACHABLE`, `REGISTRY_FAILED`, `SCHEMA_MISSING`, `SCHEMA_INCOMPATIBLE`, `SCHEMA_REFUSED`: an error of a
 *   schema registry.
 * - `SCHEMA_UNUSABLE`: a registered schema that this program cannot read or write with.
 * - `CACHE_LOCKED`, `CACHE_CORRUPT`, `CACHE_FAILED`: an error of a cache's backend.
 * - `CACHE_BUSY`: a transaction waited too long for another one of the same key.
 * - `STORE_UNAVAILABLE`: a part of a store moves between processes or is being restored; the same call may soon succeed.
 * - `TRANSACTION_ABORTED`: a transaction was aborted and nothing of it is kept; its messages are handled again.
 * - `PROTOCOL_MISMATCH`: an adapter and the core that it works with were built for different versions of the protocols.
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
  | 'BUFFER_FULL'
  | 'SINK_FAILED'
  | 'SOURCE_FAILED'
  | 'HANDLER_FAILED'
  | 'PROCESSING_TIMEOUT'
  | 'SHUTDOWN_TIMEOUT'
  | 'BROKER_UNREACHABLE'
  | 'TLS_REFUSED'
  | 'TOPIC_MISSING'
  | 'TOPIC_EXISTS'
  | 'AUTHENTICATION_REFUSED'
  | 'RECORD_TOO_LARGE'
  | 'OFFSET_OUT_OF_RANGE'
  | 'GROUP_MISSING'
  | 'GROUP_NOT_EMPTY'
  | 'FENCED'
  | 'UNSUPPORTED'
  | 'KAFKA_FAILED'
  | 'REGISTRY_UNREACHABLE'
  | 'REGISTRY_FAILED'
  | 'SCHEMA_MISSING'
  | 'SCHEMA_INCOMPATIBLE'
  | 'SCHEMA_REFUSED'
  | 'SCHEMA_UNUSABLE'
  | 'CACHE_LOCKED'
  | 'CACHE_CORRUPT'
  | 'CACHE_FAILED'
  | 'CACHE_BUSY'
  | 'STORE_UNAVAILABLE'
  | 'TRANSACTION_ABORTED'
  | 'PROTOCOL_MISMATCH'

/** The place of an error. Fields that are not known are missing. */
export interface ErrorFields {
  /** The name of the topic. */
  readonly topic?: string
  /** The number of the partition, from 0. */
  readonly partition?: number
  /** The offset of the record; for an error about several records, of the first. */
  readonly offset?: number
  /** For an error about several records: the offset after the last of them. */
  readonly nextOffset?: number
  /** The key of the record. */
  readonly key?: unknown
  /** The name of the binding. */
  readonly binding?: string
}

/**
 * The only error class of Snapstream. Its message gives the expected value, the actual one and a remedy; `code` is the kind of the
 * error; `cause` is the original error, if there is one.
 *
 * @example
 * try {
 *   await stream()
 * } catch (error) {
 *   if (SnapstreamError.is(error) && error.code === 'BROKER_UNREACHABLE') process.exitCode = 1
 * }
 */
export class SnapstreamError extends Error {
  /** The kind of the error. */
  declare readonly code: ErrorCode
  /** The name of the topic, if it is known. */
  declare readonly topic?: string
  /** The number of the partition, from 0, if it is known. */
  declare readonly partition?: number
  /** The offset of the record, if it is known; for an error about several records, of the first. */
  declare readonly offset?: number
  /** For an error about several records: the offset after the last of them. */
  declare readonly nextOffset?: number
  /** The key of the record, if it is known. */
  declare readonly key?: unknown
  /** The name of the binding, if it is known. */
  declare readonly binding?: string

  /** Cuts a message after 4000 characters. `fields`: the place of the error, and its `cause`. */
  constructor(
    code: ErrorCode,
    message: string,
    fields: ErrorFields & {
      /** The error that led to this one. */
      readonly cause?: unknown
    } = {},
  ) {
    super(cut(message, MAX_MESSAGE), fields)
    Object.assign(this, { name: 'SnapstreamError', code }, fields)
  }

  /** Marks an error for `is`. */
  get '~snapstream.error'(): true {
    return true
  }

  /** Whether a value is a SnapstreamError, also one made by another copy of this package in the same process. */
  static is(value: unknown): value is SnapstreamError {
    return safely(() => !!(value as SnapstreamError | null | undefined)?.['~snapstream.error'], false)
  }
}

/**
 * Turns a thrown value into a SnapstreamError that names what failed. A SnapstreamError keeps its code and is wrapped only
 * if there are fields to add.
 */
export function failure(code: ErrorCode, what: string, thrown: unknown, fields?: ErrorFields): SnapstreamError {
  const cause = toError(thrown)
  const known = SnapstreamError.is(cause)
  if (known && !fields) return cause
  const message = `${what} failed: ${reasonOf(cause)}`
  return new SnapstreamError(known ? cause.code : code, message, { cause, ...fields })
}

/** Throws `USAGE` unless `ok` is true. */
export function expectUsage(ok: unknown, what: string, expected: string, got: unknown): asserts ok {
  if (!ok) throw new SnapstreamError('USAGE', `${what} has to be ${expected}, got ${describe(got)}`)
}

/** Throws `USAGE` unless the value is a finite number of at least `min`; with `whole` it has to be a whole number. */
export function expectNumber(value: unknown, what: string, min: number, whole?: 'whole '): void {
  const ok = Number.isFinite(value) && !(whole && (value as number) % 1)
  expectUsage(ok && (value as number) >= min, what, `a ${whole ?? ''}number of ${min} or more`, value)
}

/** The options with their defaults. Throws `USAGE` for an option that does not exist. */
export function withDefaults<T extends object>(defaults: T, options: Partial<T>, what: string): T {
  const filled = { ...defaults }
  const names = Object.keys(defaults)
  for (const [name, value] of Object.entries(options)) {
    expectUsage(names.includes(name), `an option of ${what}`, `one of ${names.join(', ')}`, name)
    if (value !== undefined) filled[name as keyof T] = value as T[keyof T]
  }
  return filled
}

/** The place of a message: its topic, partition, offset and key. Empty if the message has no topic. */
export function placeOf(raw: ErrorFields = {}): ErrorFields {
  const { topic, partition, offset, key } = raw
  return topic ? ({ topic, partition, offset, key } as ErrorFields) : {}
}

/** The place of a message as a phrase for an error message. Empty if it has no topic. */
export function placeIn({ topic, partition, offset }: ErrorFields): string {
  return topic ? ` at ${topic}/${partition} offset ${offset}` : ''
}
