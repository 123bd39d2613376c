/** What a fetch brought of one partition, not decoded yet. */
export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  /** Kafka's number of the error, 0 for none. */
  readonly errorCode: number
  readonly aborted: readonly AbortedTransaction[]
  /** Record batches in the wire format; the last may be cut off. */
  readonly records: Buffer
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}
