import type { CodecContext } from '@snapstream/core'
import type { RecordBatch, TopicPartition } from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'

/**
 * A partition as one of the engine's lanes, from the offset at which it was assigned or sought. When the partition is assigned
 * again, or sought, another object replaces this one, so that late batches of the old one are recognised and dropped.
 */
export interface PartitionLane extends TopicPartition {
  /** The name of the lane: `topic/partition`. */
  readonly lane: string
  readonly contexts: { readonly key: CodecContext; readonly value: CodecContext }
  /** Records from this offset on are not read. */
  readonly end: number
  /** The offset behind the last batch that the engine got. */
  reached: number
  /** The offset before which all messages are handled and durable. */
  handled: number
  /** The offset behind the last record that could be read when the partition was last fetched; undefined until then. */
  logEnd: number | undefined
  /** The offset to go on from instead of `handled`, if the lane was sought; else undefined. */
  sought: number | undefined
  /** Batches of the consumer that are not released yet. */
  readonly out: Set<RecordBatch>
  /** The number of these batches that the engine is handling. */
  handling: number
  /** Undefined while the lane is read. Set when it is paused or sought; resolves when the engine has released it. */
  stopped: Promise<void> | undefined
  /** Whether the group is revoking the partition: the lane does not go on. */
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
