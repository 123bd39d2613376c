import type { CodecContext } from '@snapstream/core'
import type { RecordBatch, TopicPartition } from '../driver/driver.ts'
import { codecContext } from '../topic/topic-spec.ts'

/** A partition for as long as it is read from one place on: when it comes back, or is sought, it is another one. */
export interface LaneState extends TopicPartition {
  /** How the engine calls it: `topic/partition`. */
  readonly lane: string
  readonly contexts: { readonly key: CodecContext; readonly value: CodecContext }
  /** Records from this offset on are not read. */
  readonly end: number
  /** After the last batch that was handed out. */
  reached: number
  /** The offset before which everything is handled and durable. */
  handled: number
  /** Where to go on instead of at `handled`, once it was sought. */
  sought: number | undefined
  /** Batches that are out and not released yet. */
  readonly out: Set<RecordBatch>
  /** How many of them the engine has. */
  handling: number
  /** Undefined while it is read; resolves when the engine has let go of it, after it was stopped. */
  stopped: Promise<void> | undefined
  /** It is about to be given up: there is no going on with it. */
  leaving: boolean
}

export function laneState(topic: string, partition: number, start: number, end: number): LaneState {
  return {
    topic,
    partition,
    lane: laneOf({ topic, partition }),
    contexts: { key: codecContext(topic, 'key'), value: codecContext(topic, 'value') },
    end,
    reached: start,
    handled: start,
    sought: undefined,
    out: new Set(),
    handling: 0,
    stopped: undefined,
    leaving: false,
  }
}

export function laneOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
