import { SnapstreamError, toError } from '@snapstream/core'
import type { ErrorCode, ErrorFields } from '@snapstream/core'
import { topicMissing } from '../../driver/driver-error.ts'
import { kafkaErrorKind } from './error-table.ts'

/** What a broker answered instead of what it was asked for, until it is known what that was. */
export interface KafkaError extends Error {
  /** Kafka's number of it. */
  readonly errorCode: number
}

/** An error that a broker answered with, and what it said about it. */
export function protocolError(errorCode: number, message?: string): KafkaError {
  const text = message || `the broker answered with error ${errorCode}`
  return Object.assign(new Error(text), { name: 'KafkaError', errorCode })
}

/** Throws what a broker answered, if that is an error. */
export function throwFor({ errorCode }: { readonly errorCode: number }): void {
  if (errorCode !== 0) throw protocolError(errorCode)
}

/** Kafka's number of an error; undefined for what no broker answered. */
export function errorCodeOf(error: unknown): number | undefined {
  const { errorCode } = (error ?? {}) as Partial<KafkaError>
  return typeof errorCode === 'number' ? errorCode : undefined
}

function codeOf(error: unknown): ErrorCode | undefined {
  if (SnapstreamError.is(error)) return error.code
  const errorCode = errorCodeOf(error)
  return errorCode === undefined ? undefined : kafkaErrorKind(errorCode).code
}

export const isTopicMissing = (error: unknown): boolean => codeOf(error) === 'TOPIC_MISSING'

/** Whether the same request may succeed if it is sent again later. */
export function isRetriable(error: unknown): boolean {
  const errorCode = errorCodeOf(error)
  return errorCode === undefined ? codeOf(error) === 'BROKER_UNREACHABLE' : kafkaErrorKind(errorCode).retriable
}

const WHAT_TO_DO: Partial<Record<ErrorCode, string>> = {
  AUTHENTICATION_REFUSED: 'check the credentials, and what they are allowed to do',
  RECORD_TOO_LARGE: 'send less at once, or raise max.message.bytes of the topic',
  FENCED: 'another one with the same name took over',
  UNSUPPORTED: 'the brokers are too old for it, or have it switched off',
}

/** Whatever was thrown, as a SnapstreamError. `doing` completes "could not ...". */
export function kafkaError(error: unknown, doing: string, fields: ErrorFields = {}): SnapstreamError {
  if (SnapstreamError.is(error)) {
    // A connection does not know what it was used for.
    if (error.code !== 'BROKER_UNREACHABLE' || error.topic !== undefined || fields.topic === undefined) return error
    return new SnapstreamError(error.code, `could not ${doing}: ${error.message}`, { ...fields, cause: error })
  }
  const code = codeOf(error) ?? 'KAFKA_FAILED'
  if (code === 'TOPIC_MISSING' && fields.topic !== undefined) return topicMissing(fields.topic, error)
  const errorCode = errorCodeOf(error)
  const name = errorCode === undefined ? '' : ` (${kafkaErrorKind(errorCode).name})`
  const advice = WHAT_TO_DO[code]
  const { message } = error === undefined ? { message: 'nothing was said about it' } : toError(error)
  return new SnapstreamError(code, `could not ${doing}: ${message}${name}${advice ? `; ${advice}` : ''}`, {
    ...fields,
    cause: error,
  })
}
