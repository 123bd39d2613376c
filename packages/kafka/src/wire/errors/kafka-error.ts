import { SnapstreamError, toError } from '@snapstream/core'
import type { ErrorCode, ErrorFields } from '@snapstream/core'
import { topicMissing } from '../../driver/driver-error.ts'
import { partitionKey } from '../../driver/topic-partition.ts'
import type { TopicPartition } from '../../driver/topic-partition.ts'
import { shownAddress } from '../protocol/broker-address.ts'
import type { BrokerAddress } from '../protocol/connection.ts'
import { kafkaErrorKind } from './error-table.ts'

/** An error code in an answer of a broker, before it is turned into a SnapstreamError. */
export interface KafkaError extends Error {
  /** Kafka's number of the error. */
  readonly errorCode: number
}

/** An error for an error code. @param message the broker's message; default: a text with the number */
export function protocolError(errorCode: number, message?: string): KafkaError {
  const text = message || `the broker answered with error ${errorCode}`
  return Object.assign(new Error(text), { name: 'KafkaError', errorCode })
}

/** Throws if an answer has an error code. */
export function throwFor({ errorCode }: { readonly errorCode: number }): void {
  if (errorCode !== 0) throw protocolError(errorCode)
}

/** The error code of Kafka; undefined for errors that are not from a broker. */
export function errorCodeOf(error: unknown): number | undefined {
  const { errorCode } = (error ?? {}) as Partial<KafkaError>
  return typeof errorCode === 'number' ? errorCode : undefined
}

/** The error code of a broker, also if the error was turned into a SnapstreamError. */
export function brokerErrorCode(error: unknown): number | undefined {
  return errorCodeOf(error) ?? errorCodeOf((error as Error | undefined)?.cause)
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
  AUTHENTICATION_REFUSED: "check the credentials and the user's ACLs",
  RECORD_TOO_LARGE: 'send smaller records, or raise max.message.bytes of the topic',
  FENCED: 'another client with the same name took over',
  UNSUPPORTED: 'the brokers are too old for this request, or it is disabled there',
}

/** What to do about the errors that are more exact than their code. */
const WHAT_TO_ALLOW: ReadonlyMap<number | undefined, string> = new Map([
  [29, "check the user's ACLs on the Topic: a source needs Read, a sink needs Write"],
  [30, "check the user's ACLs on the Group: the groupId of a source needs Read"],
])

/** Any error as a SnapstreamError. @param doing completes "could not ..." */
export function kafkaError(error: unknown, doing: string, fields: ErrorFields = {}): SnapstreamError {
  if (SnapstreamError.is(error)) {
    // The error of a connection does not name the topic yet.
    if (error.code !== 'BROKER_UNREACHABLE' || error.topic !== undefined || fields.topic === undefined) return error
    return new SnapstreamError(error.code, `could not ${doing}: ${error.message}`, { ...fields, cause: error })
  }
  const code = codeOf(error) ?? 'KAFKA_FAILED'
  if (code === 'TOPIC_MISSING' && fields.topic !== undefined) return topicMissing(fields.topic, error)
  const errorCode = errorCodeOf(error)
  const name = errorCode === undefined ? '' : ` (${kafkaErrorKind(errorCode).name})`
  const advice = WHAT_TO_ALLOW.get(errorCode) ?? WHAT_TO_DO[code]
  const { message } = error === undefined ? { message: 'no reason was given' } : toError(error)
  return new SnapstreamError(code, `could not ${doing}: ${message}${name}${advice ? `; ${advice}` : ''}`, {
    ...fields,
    cause: error,
  })
}

/** The error for an answer that no correct broker gives. It is not retriable. */
export function oddAnswer(api: string, what: string, fields: Partial<TopicPartition> = {}): SnapstreamError {
  return new SnapstreamError('KAFKA_FAILED', `a broker sent an invalid answer to ${api}: ${what}`, fields)
}

/** Throws unless the answer has every partition of the request: the result of a missing partition is unknown. */
export function expectPartitions(
  api: string,
  asked: readonly TopicPartition[],
  answers: readonly TopicPartition[],
): void {
  const answered = new Set(answers.map(partitionKey))
  for (const { topic, partition } of asked)
    if (!answered.has(partitionKey({ topic, partition })))
      throw oddAnswer(api, `partition ${partition} of ${JSON.stringify(topic)} is missing`, { topic, partition })
}

/** Throws unless the answer has every name of the request. */
export function expectNames(api: string, asked: readonly string[], answers: readonly string[]): void {
  const answered = new Set(answers)
  for (const name of asked) if (!answered.has(name)) throw oddAnswer(api, `${JSON.stringify(name)} is missing`)
}

/**
 * Turns an error that a client library threw while it read an answer into `KAFKA_FAILED`. A SnapstreamError stays as it is.
 *
 * @param thrown the error, which becomes the `cause`
 * @param api the name of the request
 */
export function unreadable(thrown: unknown, address: BrokerAddress, api: string): SnapstreamError {
  if (SnapstreamError.is(thrown)) return thrown
  const cause = toError(thrown)
  return new SnapstreamError(
    'KAFKA_FAILED',
    `the broker ${shownAddress(address)} sent an unreadable answer to ${api}: ${cause.message}`,
    { cause },
  )
}

/**
 * The error `UNSUPPORTED` for a request that broker and driver support in no common version.
 *
 * @param api the name of the request
 * @param versions the driver's versions, for the message; default: not shown
 */
export function unsupported(address: BrokerAddress, api: string, versions?: string): SnapstreamError {
  const known = versions === undefined ? '' : ` (${versions})`
  return new SnapstreamError(
    'UNSUPPORTED',
    `the broker ${shownAddress(address)} speaks no version of ${api} that this driver knows${known}; it is too old or too ` +
      'new for the driver',
  )
}
