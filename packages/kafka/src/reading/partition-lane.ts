import type { CodecContext } from '@snapstream/core'
import type { RecordBatch, TopicPartition } from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'

/**
 * A partition as one of the engine's lanes, from the offset at which it was assigned or sought. When the partition comes
 * back, or is sought, another object takes its place: what still belongs to the old one is recognised and dropped.
 */
export interface PartitionLane extends TopicPartition {
  /** The name of the lane: `topic/partition`. */
  readonly lane: string
  readonly contexts: { readonly key: CodecContext; readonly value: CodecContext }
  /** Records from this offset on are not read. */
  readonly end: number
  /** The offset after the last batch that was handed out. */
  reached: number
  /** The offset before which everything is handled and durable. */
  handled: number
  /** The offset behind the last record that could be read when the partition was last fetched; undefined until then. */
  logEnd: number | undefined
  /** The offset to go on from instead of `handled`, once the lane was sought. */
  sought: number | undefined
  /** Batches of the consumer that are not released yet. */
  readonly out: Set<RecordBatch>
  /** How many of them the engine has. */
  handling: number
  /** Undefined while the lane is read. Set once it is paused or sought; resolves when the engine has let go of it. */
  stopped: Promise<void> | undefined
  /** The group takes the partition away: the lane does not go on. */
  leaving: boolean
}

/** @param start the offset to read first */
export function partitionLane(topic: string, partition: number, start: number, end: number): PartitionLane {
  return {
    topic,
    partition,
    lane: partitionKey({ topic, partition }),
    contexts: { key: { topic, part: 'key' }, value: { topic, part: 'value' } },
    end,
    reached: start,
    handled: start,
    logEnd: undefined,
    sought: undefined,
    out: new Set(),
    handling: 0,
    stopped: undefined,
    leaving: false,
  }
}
