import type { MaybePromise } from '@snapstream/core'
import type { ProduceBatch, TopicPartition } from '../../driver/driver.ts'
import { partitionKey } from '../../driver/topic-partition.ts'
import { KAFKA } from '../errors/error-table.ts'
import type { ProducerIdAndEpoch } from '../protocol/connection.ts'

/** A batch, and how brokers recognize it when it is sent again. */
export interface NumberedBatch {
  readonly batch: ProduceBatch
  /** Undefined without idempotence. */
  readonly producer: ProducerIdAndEpoch | undefined
  /** The number of records that the producer has sent to the partition before; -1 without idempotence. */
  readonly firstSequence: number
}

/**
 * The outcome of an attempt to write a batch. `'unknown'`: it may have been written. `'refused'`: this attempt wrote
 * nothing. `'out-of-sequence'`: this attempt wrote nothing, as the broker expected another sequence.
 */
export type Outcome = 'written' | 'refused' | 'unknown' | 'out-of-sequence'

/** How the batches of a producer are numbered. */
export interface BatchNumbers {
  /**
   * The number of a batch: the same for the same `records` array while it may have been written, another one for other
   * records.
   */
  sequence(batch: ProduceBatch): MaybePromise<NumberedBatch>
  /** Records the broker's error code for a batch (undefined: no answer came), and returns the outcome. */
  settle(sent: NumberedBatch, errorCode: number | undefined): Outcome
}

/** Without idempotence: brokers do not recognize a batch. */
export const UNNUMBERED: BatchNumbers = {
  sequence: (batch) => ({ batch, producer: undefined, firstSequence: -1 }),
  settle(_, errorCode) {
    const outcome = outcomeOf(errorCode)
    // The batch has no sequence that could be another one.
    return outcome === 'out-of-sequence' ? 'refused' : outcome
  },
}

/** A batch of an idempotent producer. */
export interface SequencedBatch extends NumberedBatch {
  readonly producer: ProducerIdAndEpoch
}

/** The sequences of batches, partition by partition. */
export interface Sequences {
  /** The batch that was sent last to a partition and may have been written. The sequence belongs to its records alone. */
  doubtful(at: TopicPartition): SequencedBatch | undefined
  /** All batches that were sent last to their partitions and may have been written. */
  allDoubtful(): SequencedBatch[]
  /** Numbers a batch of other records: from 0 for another producer than before, else after the last batch that was written. */
  assign(batch: ProduceBatch, producer: ProducerIdAndEpoch): SequencedBatch
  /** Records the broker's error code for a batch (undefined: no answer came), and returns the outcome. */
  settle(batch: ProduceBatch, errorCode: number | undefined): Outcome
}

interface PartitionState {
  readonly producer: ProducerIdAndEpoch
  /** The sequence of the batch in flight, else of the next one. */
  next: number
  /** The batch that was sent last, unless it was written. */
  inFlight: { readonly batch: ProduceBatch; mayBeWritten: boolean } | undefined
}

/**
 * Numbers batches. A broker treats a batch as a duplicate if producer and sequence are the same, whatever its records are. So
 * a sequence that may have been used is never given to other records.
 */
export function createSequences(): Sequences {
  const partitions = new Map<string, PartitionState>()

  function doubtfulOf({ producer, next, inFlight }: PartitionState): SequencedBatch | undefined {
    return inFlight?.mayBeWritten ? { batch: inFlight.batch, producer, firstSequence: next } : undefined
  }

  return {
    doubtful(at) {
      const state = partitions.get(partitionKey(at))
      return state && doubtfulOf(state)
    },
    allDoubtful: () => [...partitions.values()].flatMap((state) => doubtfulOf(state) ?? []),
    assign(batch, producer) {
      const key = partitionKey(batch)
      const state = partitions.get(key)
      const next = state?.producer === producer ? state.next : 0
      partitions.set(key, { producer, next, inFlight: { batch, mayBeWritten: false } })
      return { batch, producer, firstSequence: next }
    },
    settle(batch, errorCode) {
      const key = partitionKey(batch)
      const state = partitions.get(key)
      if (state?.inFlight?.batch.records !== batch.records) return outcomeOf(errorCode)
      const outcome = outcomeOf(errorCode, state.inFlight.mayBeWritten)
      if (outcome === 'written') {
        state.next = nextSequence(state.next, batch.records.length)
        state.inFlight = undefined
      } else if (outcome === 'unknown') state.inFlight.mayBeWritten = true
      else if (outcome === 'out-of-sequence') partitions.delete(key)
      return outcome
    },
  }
}

const MAX_SEQUENCE = 0x7fffffff

/** The sequence after `count` records. Sequences count records, and begin again at 0 after the largest. */
export function nextSequence(sequence: number, count: number): number {
  return count > MAX_SEQUENCE - sequence ? count - (MAX_SEQUENCE - sequence) - 1 : sequence + count
}

/** The error codes of a broker that has not appended the batch. */
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
  KAFKA.INVALID_TXN_STATE,
  KAFKA.CONCURRENT_TRANSACTIONS,
  KAFKA.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  76, // UNSUPPORTED_COMPRESSION_TYPE
  87, // INVALID_RECORD
  KAFKA.PRODUCER_FENCED,
  100, // UNKNOWN_TOPIC_ID
  KAFKA.TRANSACTION_ABORTABLE,
])

/** The broker expected another sequence, or does not know the producer id any more. */
const OUT_OF_SEQUENCE = new Set<number | undefined>([
  KAFKA.OUT_OF_ORDER_SEQUENCE_NUMBER,
  KAFKA.INVALID_PRODUCER_EPOCH,
  KAFKA.INVALID_PRODUCER_ID_MAPPING,
  KAFKA.UNKNOWN_PRODUCER_ID,
])

/**
 * The outcome by the broker's error code; undefined if no answer came.
 *
 * @param mayBeWritten whether an earlier attempt may have written the batch
 */
export function outcomeOf(errorCode: number | undefined, mayBeWritten = false): Outcome {
  if (errorCode === 0) return 'written'
  // Written by an earlier attempt whose answer was lost. On a first attempt the broker means other records.
  if (errorCode === KAFKA.DUPLICATE_SEQUENCE_NUMBER) return mayBeWritten ? 'written' : 'out-of-sequence'
  if (OUT_OF_SEQUENCE.has(errorCode)) return 'out-of-sequence'
  return REFUSED.has(errorCode) ? 'refused' : 'unknown'
}
