/** What a fetch brought of one partition, not decoded yet. */
export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  /** Kafka's number of the error, 0 for none. */
  readonly errorCode: number
  readonly aborted: readonly AbortedTransaction[]
  /** Kafka calls it the high watermark. */
  readonly endOffset: number
  /** With `read_committed`: the offset of the first open transaction, or the high watermark. */
  readonly lastStableOffset: number
  /** Another node to read from (-1: none), where this consumer is in a rack. */
  readonly preferredReplica: number
  /** Record batches in the wire format; the last may be cut off. */
  readonly records: Buffer
  /** With it every batch is checked against its checksum before it is decoded. Default: they are not. */
  readonly crc32c?: Crc32c
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/** Kafka's checksum, CRC32C (Castagnoli), as an unsigned integer. */
export type Crc32c = (bytes: Uint8Array) => number
