import { SnapstreamError } from '@snapstream/core'
import type { ErrorFields } from '@snapstream/core'
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
export function transactionAborted(transactionalId: string, why: string, fields: ErrorFields = {}): SnapstreamError {
  return new SnapstreamError(
    'TRANSACTION_ABORTED',
    `the transaction of ${JSON.stringify(transactionalId)} cannot be committed any more: ${why}; abort it, and send its ` +
      'records again',
    fields,
  )
}

/** The settings that errors name. */
interface Named {
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
}

/** Any error as a SnapstreamError that names the transactional id, where it is about that. @param doing completes "could not ..." */
export function transactionError(
  error: unknown,
  doing: string,
  { transactionalId, transactionTimeoutMs }: Named,
): SnapstreamError {
  const errorCode = brokerErrorCode(error)
  if (errorCode === undefined) return kafkaError(error, doing)
  const { topic, partition, cause = error } = SnapstreamError.is(error) ? error : {}
  const fields = { cause, ...(topic !== undefined && { topic }), ...(partition !== undefined && { partition }) }
  const where = topic === undefined ? doing : `send to partition ${partition} of ${JSON.stringify(topic)}`
  const what = `could not ${where} (${kafkaErrorKind(errorCode).name})`
  const id = JSON.stringify(transactionalId)
  switch (errorCode) {
    case KAFKA.INVALID_TRANSACTION_TIMEOUT:
      return new SnapstreamError(
        'USAGE',
        `${what}: the brokers refuse a time-out of ${transactionTimeoutMs} ms for transactions; lower it, or raise their ` +
          'transaction.max.timeout.ms',
        fields,
      )
    case KAFKA.TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return new SnapstreamError(
        'AUTHENTICATION_REFUSED',
        `${what}: this user must not use the transactional id ${id}; allow it Write on that TransactionalId, or on a prefix of it`,
        fields,
      )
    case KAFKA.FENCED_INSTANCE_ID:
      return kafkaError(error, doing)
  }
  const consequence = consequenceOf(error)
  if (consequence === 'abort') return transactionAborted(transactionalId, what, fields)
  if (consequence === 'goes on') return kafkaError(error, doing)
  return new SnapstreamError(
    'FENCED',
    `${what}: another producer has initialised the transactional id ${id}, or the transaction took longer than its time-out`,
    fields,
  )
}
