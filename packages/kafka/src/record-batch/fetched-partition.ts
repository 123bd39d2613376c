/** The answer to a fetch for one partition. Its records are not decoded yet. */
export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  /** Kafka's number of the error, 0 for none. */
  readonly errorCode: number
  readonly aborted: readonly AbortedTransaction[]
  /** The offset behind the last record that is replicated: Kafka's high watermark. */
  readonly endOffset: number
  /** With `read_committed`: the offset of the first open transaction, or the high watermark. */
  readonly lastStableOffset: number
  /** The replica that a consumer in a rack is to read from instead; -1 for none. */
  readonly preferredReplica: number
  /** Record batches in the wire format; the last may be cut off. */
  readonly records: Buffer
  /** Checks each batch against its checksum before it is decoded. Undefined: batches are not checked. */
  readonly crc32c?: Crc32c
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/** Kafka's checksum, CRC32C (Castagnoli), as an unsigned integer. */
export type Crc32c = (bytes: Uint8Array) => number
