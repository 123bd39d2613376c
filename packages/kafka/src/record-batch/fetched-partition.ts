/** The answer to a fetch for one partition. Its records are not decoded yet. */
export interface FetchedPartition {
  /** The name of the topic. */
  readonly topic: string
  /** The number of the partition, from 0. */
  readonly partition: number
  /** Kafka's number of the error, 0 for none. */
  readonly errorCode: number
  /** The aborted transactions with records in this answer; empty unless the fetch has `readCommitted`. */
  readonly aborted: readonly AbortedTransaction[]
  /** The offset behind the last record that is replicated: Kafka's high watermark. */
  readonly endOffset: number
  /** With `read_committed`: the offset of the first open transaction, or the high watermark. */
  readonly lastStableOffset: number
  /** The node id of the replica that this consumer should read from, by its rack; -1 for none. */
  readonly preferredReplica: number
  /** Record batches in the wire format; the last one may be cut off. */
  readonly records: Buffer
  /** Checks each batch against its checksum before it is decoded. Undefined: batches are not checked. */
  readonly crc32c?: Crc32c
}

/** An aborted transaction of a producer, whose records are not read with `read_committed`. */
export interface AbortedTransaction {
  /** The id of the producer. */
  readonly producerId: number
  /** The offset of its first record in the partition. */
  readonly firstOffset: number
}

/** Computes Kafka's checksum, CRC32C (Castagnoli), as an unsigned 32-bit integer. */
export type Crc32c = (bytes: Uint8Array) => number
