import { SnapstreamError } from '@snapstream/core'
import type { ErrorCode, ErrorFields } from '@snapstream/core'
import { topicMissing } from '../driver/driver-error.ts'

/** The fields that KafkaJS's errors have, whichever of their classes it is. */
interface KafkaJSErrorLike extends Error {
  readonly type?: string
  readonly code?: string | number
  readonly retriable?: boolean
}

const CODES: Record<string, ErrorCode> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'TOPIC_MISSING',
  MESSAGE_TOO_LARGE: 'RECORD_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'RECORD_TOO_LARGE',
  OFFSET_OUT_OF_RANGE: 'OFFSET_OUT_OF_RANGE',
  INVALID_PRODUCER_EPOCH: 'FENCED',
  FENCED_INSTANCE_ID: 'FENCED',
  TRANSACTION_COORDINATOR_FENCED: 'FENCED',
  TOPIC_AUTHORIZATION_FAILED: 'AUTHENTICATION_REFUSED',
  GROUP_AUTHORIZATION_FAILED: 'AUTHENTICATION_REFUSED',
  CLUSTER_AUTHORIZATION_FAILED: 'AUTHENTICATION_REFUSED',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'AUTHENTICATION_REFUSED',
  UNSUPPORTED_SASL_MECHANISM: 'AUTHENTICATION_REFUSED',
  ILLEGAL_SASL_STATE: 'AUTHENTICATION_REFUSED',
  SASL_AUTHENTICATION_FAILED: 'AUTHENTICATION_REFUSED',
  KafkaJSSASLAuthenticationError: 'AUTHENTICATION_REFUSED',
  KafkaJSConnectionError: 'BROKER_UNREACHABLE',
  KafkaJSConnectionClosedError: 'BROKER_UNREACHABLE',
  KafkaJSRequestTimeoutError: 'BROKER_UNREACHABLE',
  KafkaJSBrokerNotFound: 'BROKER_UNREACHABLE',
  KafkaJSNoBrokerAvailableError: 'BROKER_UNREACHABLE',
  KafkaJSGroupCoordinatorNotFound: 'BROKER_UNREACHABLE',
  KafkaJSLockTimeout: 'BROKER_UNREACHABLE',
}

/** Passing troubles of a broker, or a view of the cluster that is out of date: asking again may help. */
const PASSING = new Set([
  'CORRUPT_MESSAGE',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REQUEST_TIMED_OUT',
  'BROKER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'UNSTABLE_OFFSET_COMMIT',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
])

/** KafkaJS wraps errors in errors: the one that says what happened. */
function rootOf(error: unknown): KafkaJSErrorLike {
  let root = error as KafkaJSErrorLike
  while (root?.name?.startsWith('KafkaJS') && root.type === undefined && root.cause instanceof Error) root = root.cause
  return root
}

/** Kafka's name of an error (`NOT_LEADER_FOR_PARTITION`), else KafkaJS's (`KafkaJSConnectionError`). */
export function kindOf(error: unknown): string {
  const root = rootOf(error)
  return root?.type ?? root?.name ?? 'Error'
}

export const isUnreachable = (error: unknown): boolean => CODES[kindOf(error)] === 'BROKER_UNREACHABLE'
export const isTopicMissing = (error: unknown): boolean => kindOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION'

/** Whether the same may work later without anybody doing something about it. */
export const isPassing = (error: unknown): boolean => isUnreachable(error) || PASSING.has(kindOf(error))

const WHAT_TO_DO: Partial<Record<ErrorCode, string>> = {
  BROKER_UNREACHABLE: 'check the address, and that a broker listens there',
  AUTHENTICATION_REFUSED: 'check the credentials, and what they are allowed to do',
  RECORD_TOO_LARGE: 'send less at once, or raise max.message.bytes of the topic',
  FENCED: 'another one with the same name took over',
}

/** What KafkaJS threw as a SnapstreamError. `doing` completes "could not ...". */
export function kafkaError(error: unknown, doing: string, fields: ErrorFields = {}): SnapstreamError {
  if (SnapstreamError.is(error)) return error
  const root = rootOf(error)
  const code = CODES[kindOf(error)] ?? 'KAFKA_FAILED'
  if (code === 'TOPIC_MISSING' && fields.topic !== undefined) return topicMissing(fields.topic, error)
  const kind = root?.type ? ` (${root.type})` : ''
  const advice = WHAT_TO_DO[code]
  return new SnapstreamError(
    code,
    `could not ${doing}: ${root?.message ?? String(error)}${kind}${advice ? `; ${advice}` : ''}`,
    { ...fields, cause: error },
  )
}
