import type { ProduceAnswer } from '../protocol/connection.ts'
import { KAFKA, kafkaErrorKind } from '../errors/error-table.ts'
import type { Outcome } from './idempotence.ts'

/** A broker that answers with one of these has not appended the batch, and has not tried to. */
const REFUSED = new Set<number | undefined>([
  2, // CORRUPT_MESSAGE
  3, // UNKNOWN_TOPIC_OR_PARTITION
  5, // LEADER_NOT_AVAILABLE
  6, // NOT_LEADER_OR_FOLLOWER
  10, // MESSAGE_TOO_LARGE
  17, // INVALID_TOPIC_EXCEPTION
  18, // RECORD_LIST_TOO_LARGE
  19, // NOT_ENOUGH_REPLICAS
  21, // INVALID_REQUIRED_ACKS
  29, // TOPIC_AUTHORIZATION_FAILED
  31, // CLUSTER_AUTHORIZATION_FAILED
  32, // INVALID_TIMESTAMP
  35, // UNSUPPORTED_VERSION
  43, // UNSUPPORTED_FOR_MESSAGE_FORMAT
  44, // POLICY_VIOLATION
  76, // UNSUPPORTED_COMPRESSION_TYPE
  87, // INVALID_RECORD
  100, // UNKNOWN_TOPIC_ID
])

/** The broker expected another sequence, or knows nothing of this producer any more. */
const LOST_TRACK = new Set<number | undefined>([
  KAFKA.OUT_OF_ORDER_SEQUENCE_NUMBER,
  47, // INVALID_PRODUCER_EPOCH
  49, // INVALID_PRODUCER_ID_MAPPING
  KAFKA.UNKNOWN_PRODUCER_ID,
])

const ABOUT_RECORDS = new Set([
  32, // INVALID_TIMESTAMP
  44, // POLICY_VIOLATION
  87, // INVALID_RECORD
])
const MAX_REASON_LENGTH = 1000

/**
 * Why a batch was refused, record by record, where it is about what is in them; empty where the broker does not tell of which.
 */
export function refusedRecords({
  errorCode,
  recordErrors = [],
  message,
}: Answered): ReadonlyMap<number, string> | undefined {
  if (!ABOUT_RECORDS.has(errorCode)) return undefined
  const { name } = kafkaErrorKind(errorCode)
  return new Map(
    recordErrors.map(({ index, message: reason = message ?? 'no reason was given' }) => [
      index,
      `${reason.slice(0, MAX_REASON_LENGTH)} (${name})`,
    ]),
  )
}

type Answered = Pick<ProduceAnswer, 'errorCode' | 'recordErrors' | 'message'>

/** What an answer says of this try; no code: none came. */
export function produceOutcome(errorCode: number | undefined): Outcome {
  if (errorCode === 0) return 'written'
  if (LOST_TRACK.has(errorCode)) return 'lost-track'
  return REFUSED.has(errorCode) ? 'refused' : 'unknown'
}
