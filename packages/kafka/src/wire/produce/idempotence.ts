import type { ProduceBatch } from '../../driver/driver.ts'
import { partitionKey } from '../../driver/topic-partition.ts'
import { KAFKA } from '../errors/error-table.ts'

/** The identity of a producer. Brokers write a batch with the same producer and sequence once. */
export interface ProducerIdAndEpoch {
  readonly producerId: number
  readonly producerEpoch: number
}

interface SequencedBatch {
  readonly batch: ProduceBatch
  readonly producer: ProducerIdAndEpoch
  readonly firstSequence: number
}

/**
 * The outcome of an attempt to write a batch. `'unknown'`: it may have been written. `'refused'`: this attempt wrote
 * nothing. `'out-of-sequence'`: this attempt wrote nothing, as the broker expected another sequence.
 */
export type Outcome = 'written' | 'refused' | 'unknown' | 'out-of-sequence'

/** The sequences of a producer, partition by partition. */
export interface Idempotence {
  /**
   * The sequence of a batch: the same for the same `records` array while it may have been written, another one for other
   * records.
   */
  sequence(batch: ProduceBatch): Promise<SequencedBatch>
  /** Records the broker's error code for a batch (undefined: no answer came), and returns the outcome. */
  settle(batch: ProduceBatch, errorCode: number | undefined): Outcome
}

interface PartitionState {
  readonly producer: ProducerIdAndEpoch
  /** The sequence of the batch in flight, else of the next one. */
  next: number
  /** The batch that was sent last, unless it was written. */
  inFlight: { readonly records: ProduceBatch['records']; mayBeWritten: boolean } | undefined
}

const MAX_SEQUENCE = 0x7fffffff

/**
 * Numbers the batches of a producer. A broker treats a batch as a duplicate if producer and sequence are the same, whatever its
 * records are. So a sequence that may have been used is never given to other records: these are sent under a new producer id,
 * with sequences from 0.
 *
 * @param initProducerId asks a broker for a new producer id
 */
export function createIdempotence(initProducerId: () => Promise<ProducerIdAndEpoch>): Idempotence {
  const partitions = new Map<string, PartitionState>()
  let asked: Promise<ProducerIdAndEpoch> | undefined
  let current: ProducerIdAndEpoch | undefined

  async function ask(): Promise<ProducerIdAndEpoch> {
    try {
      return (current = await initProducerId())
    } catch (error) {
      asked = undefined
      throw error
    }
  }

  /** The other partitions keep the old id for a batch that may have been written, and then change to the new one. */
  function retire(producer: ProducerIdAndEpoch): void {
    if (current === producer) asked = current = undefined
  }

  return {
    async sequence(batch) {
      const key = partitionKey(batch)
      const state = partitions.get(key)
      if (state?.inFlight?.mayBeWritten) {
        if (state.inFlight.records === batch.records)
          return { batch, producer: state.producer, firstSequence: state.next }
        retire(state.producer)
      }
      const producer = await (asked ??= ask())
      const next = state?.producer === producer ? state.next : 0
      partitions.set(key, { producer, next, inFlight: { records: batch.records, mayBeWritten: false } })
      return { batch, producer, firstSequence: next }
    },
    settle(batch, errorCode) {
      const key = partitionKey(batch)
      const state = partitions.get(key)
      if (state?.inFlight?.records !== batch.records) return outcomeOf(errorCode)
      const outcome = outcomeOf(errorCode, state.inFlight.mayBeWritten)
      if (outcome === 'written') {
        state.next = nextSequence(state.next, batch.records.length)
        state.inFlight = undefined
      } else if (outcome === 'unknown') state.inFlight.mayBeWritten = true
      else if (outcome === 'out-of-sequence') {
        retire(state.producer)
        partitions.delete(key)
      }
      return outcome
    },
  }
}

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
  76, // UNSUPPORTED_COMPRESSION_TYPE
  87, // INVALID_RECORD
  100, // UNKNOWN_TOPIC_ID
])

/** The broker expected another sequence, or does not know the producer id any more. */
const OUT_OF_SEQUENCE = new Set<number | undefined>([
  KAFKA.OUT_OF_ORDER_SEQUENCE_NUMBER,
  47, // INVALID_PRODUCER_EPOCH
  49, // INVALID_PRODUCER_ID_MAPPING
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
