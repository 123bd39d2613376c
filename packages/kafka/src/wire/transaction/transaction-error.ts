import { SnapstreamError } from '@snapstream/core'
import { KAFKA, kafkaErrorKind } from '../errors/error-table.ts'
import { brokerErrorCode, kafkaError } from '../errors/kafka-error.ts'

/** How a transaction ends after an error. `'goes on'`: the error is about the request alone. */
export type Consequence = 'abort' | 'fenced' | 'goes on'

const CONSEQUENCES: ReadonlyMap<number | undefined, Consequence> = new Map([
  [KAFKA.OUT_OF_ORDER_SEQUENCE_NUMBER, 'abort'],
  // On a first attempt: the broker means other records.
  [KAFKA.DUPLICATE_SEQUENCE_NUMBER, 'abort'],
  [KAFKA.INVALID_PRODUCER_EPOCH, 'fenced'],
  // Also: the coordinator aborted the transaction after its time-out.
  [KAFKA.INVALID_TXN_STATE, 'abort'],
  [KAFKA.INVALID_PRODUCER_ID_MAPPING, 'abort'],
  [KAFKA.UNKNOWN_PRODUCER_ID, 'abort'],
  // The name of the group's member was taken. The transactional id was not.
  [KAFKA.FENCED_INSTANCE_ID, 'abort'],
  [KAFKA.PRODUCER_FENCED, 'fenced'],
  [KAFKA.TRANSACTION_ABORTABLE, 'abort'],
])

/** The consequence of an error that a broker answered, or of an error that has such an error as its cause. */
export function consequenceOf(error: unknown): Consequence {
  return CONSEQUENCES.get(brokerErrorCode(error)) ?? 'goes on'
}

/** The error of a transaction that cannot be committed any more. */
export function transactionAborted(transactionalId: string, why: string, cause?: unknown): SnapstreamError {
  return new SnapstreamError(
    'TRANSACTION_ABORTED',
    `the transaction of ${JSON.stringify(transactionalId)} cannot be committed any more: ${why}; abort it, and send its ` +
      'records again',
    { cause },
  )
}

/** The settings that errors name. */
interface Named {
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
}

/** Any error as a SnapstreamError. @param doing completes "could not ..." */
export function transactionError(
  error: unknown,
  doing: string,
  { transactionalId, transactionTimeoutMs }: Named,
): SnapstreamError {
  // Other codes say already what to do.
  if (SnapstreamError.is(error) && error.code !== 'KAFKA_FAILED') return error
  const errorCode = brokerErrorCode(error)
  if (errorCode === KAFKA.INVALID_TRANSACTION_TIMEOUT)
    return new SnapstreamError(
      'USAGE',
      `could not ${doing}: the brokers refuse a time-out of ${transactionTimeoutMs} ms for transactions ` +
        '(INVALID_TRANSACTION_TIMEOUT); lower it, or raise their transaction.max.timeout.ms',
      { cause: error },
    )
  if (errorCode === KAFKA.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    return new SnapstreamError(
      'AUTHENTICATION_REFUSED',
      `could not ${doing}: this user must not use the transactional id ${JSON.stringify(transactionalId)} ` +
        '(TRANSACTIONAL_ID_AUTHORIZATION_FAILED); allow it Describe and Write on that TransactionalId',
      { cause: error },
    )
  if (errorCode === undefined || errorCode === KAFKA.FENCED_INSTANCE_ID || consequenceOf(error) !== 'abort')
    return kafkaError(error, doing)
  const why = SnapstreamError.is(error) ? error.message : `could not ${doing} (${kafkaErrorKind(errorCode).name})`
  return transactionAborted(transactionalId, why, error)
}
