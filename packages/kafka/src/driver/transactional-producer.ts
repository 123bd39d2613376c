import type { DriverProducer, ProducerSettings } from './driver-producer.ts'
import type { TopicPartitionOffset } from './topic-partition.ts'

/** A member of a group in one generation. The coordinator refuses its offsets once the generation is over. */
export interface GroupMetadata {
  /** The name of the group. */
  readonly groupId: string
  /** The id that the group gave to the member. */
  readonly memberId: string
  /** The number of the generation, which grows with every rebalance. */
  readonly generationId: number
  /** The name of a static member; undefined for other members. */
  readonly groupInstanceId: string | undefined
}

/** An offset to commit, or a committed one, with a text of the client's own. */
export interface OffsetAndMetadata extends TopicPartitionOffset {
  /** Empty for none. The broker limits its length (`offset.metadata.max.bytes`, 4096 by default). */
  readonly metadata: string
}

/** The identity of a transactional producer, and how it writes. */
export interface TransactionalProducerSettings extends Pick<ProducerSettings, 'compression'> {
  /** Kafka's `transactional.id`. One producer at a time has it: the next one fences it. */
  readonly transactionalId: string
  /** Kafka's `transaction.timeout.ms`: the brokers abort a transaction that is open for longer. */
  readonly transactionTimeoutMs: number
  /** How long retriable errors of `sendOffsets`, `commit` and `abort` are retried, in ms. */
  readonly deliveryTimeoutMs: number
}

/**
 * A producer whose batches and offsets belong to a transaction. The first batch or offset begins one, and `commit` or `abort`
 * ends it. Only one of `sendOffsets`, `commit` and `abort` is called at a time, and none while `send` is pending. Batches of
 * which `send` failed are not part of the transaction; a retriable failure means that the same batch is sent again.
 *
 * These codes are in results of `send` and in rejections of the other methods, beside the usual ones:
 *
 * - `TRANSACTION_ABORTED`: this transaction cannot be committed any more, for instance as it took longer than
 *   `transactionTimeoutMs`. Call `abort`; the producer is ready for the next transaction then.
 * - `FENCED`: another producer initialised the id. This transaction is aborted. Call `abort`; the next `send` initialises the
 *   id again, and fences the other one.
 */
export interface TransactionalProducer extends DriverProducer {
  /**
   * Adds offsets of a group to the transaction. Rejects if the generation of the member is over; the `cause` is the error of
   * the coordinator then.
   */
  sendOffsets(group: GroupMetadata, offsets: readonly OffsetAndMetadata[]): Promise<void>
  /**
   * Commits the transaction. Resolves once it is certainly committed, and at once if nothing was sent. If it rejects with
   * another code than the two above, the outcome is not known.
   */
  commit(): Promise<void>
  /** Aborts the transaction. Resolves once it is certainly aborted, and at once if nothing was sent. */
  abort(): Promise<void>
  /**
   * Closes the connections at once, without ending the transaction: it stays open until the id is initialised again, or
   * until it has timed out.
   */
  close(): Promise<void>
}
