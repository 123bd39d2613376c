import type { Headers } from '@snapstream/core'
import type { Int64 } from './int64.ts'
import type { TopicPartition } from './topic-partition.ts'

/** The compression codecs of Kafka. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** How a producer writes batches. */
export interface ProducerSettings {
  /** The replicas that acknowledge a batch. -1: all in-sync replicas, 1: the leader, 0: none. */
  readonly acks: -1 | 0 | 1
  /** The codec that compresses batches; one of `supports.compression`. */
  readonly compression: Compression
  /** Whether a batch that is sent again is written once. Needs `acks` -1. */
  readonly idempotence: boolean
}

/** A record to write. */
export interface ProduceRecord {
  /** Bytes, or a well-formed string, which is sent as UTF-8; null for none. */
  readonly key: Uint8Array | string | null
  /** The same types as `key`; null for a tombstone. */
  readonly value: Uint8Array | string | null
  /** Pairs of name and content; or bytes as in a record batch, with the count, which are sent as they are. */
  readonly headers: Headers | Uint8Array
  /** In ms since the epoch; -1 for none. */
  readonly timestamp: Int64
}

/** Records that are written to one partition together, in order. */
export interface ProduceBatch extends TopicPartition {
  /** At least one record. */
  readonly records: readonly ProduceRecord[]
}

/** The result of one batch: acknowledged if it has no `error`. */
export type ProduceResult =
  | {
      /** Undefined: the batch is acknowledged. */
      readonly error?: undefined
      /** The offset of its first record; the others follow without a gap. Undefined if the broker does not tell it. */
      readonly baseOffset?: number | undefined
    }
  | {
      /** The reason why the batch is not acknowledged. */
      readonly error: Error
      /** Whether sending the same batch again may succeed. */
      readonly retriable: boolean
      /**
       * Set if the broker refused the batch because of some of its records and wrote none of it: the reasons by index of
       * the record. Empty if the broker does not name the records.
       */
      readonly refused?: ReadonlyMap<number, string>
    }

/** Writes batches of records. */
export interface DriverProducer {
  /** Requests the number of partitions of the topic. Rejects with `TOPIC_MISSING`. */
  partitions(topic: string): Promise<number>
  /**
   * Sends each batch once, and resolves with their results, in the same order, when all are acknowledged or have failed.
   * Never rejects and never retries: the caller decides. A call holds at most one batch per partition, and the caller never
   * has two calls with the same partition in flight. Sending the same `records` array again is a retry.
   */
  send(batches: readonly ProduceBatch[]): Promise<readonly ProduceResult[]>
  /** Closes the connections at once. Batches in flight fail. */
  close(): Promise<void>
}
