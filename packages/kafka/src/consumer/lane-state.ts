import type { CodecContext } from '@snapstream/core'
import type { TopicPartition } from '../driver/driver.ts'
import { codecContext } from '../topic/topic-spec.ts'

/** A partition for as long as it is assigned: when it comes back, it is another one. */
export interface LaneState extends TopicPartition {
  /** How the engine calls it: `topic/partition`. */
  readonly lane: string
  readonly contexts: { readonly key: CodecContext; readonly value: CodecContext }
  /** Records from this offset on are not read. */
  readonly end: number
  /** After the last batch that was handed out. */
  handed: number
  /** After the last batch that was seen: further than `handed` where a batch had nothing to hand out. */
  reached: number
}

export function laneState(topic: string, partition: number, start: number, end: number): LaneState {
  return {
    topic,
    partition,
    lane: laneOf({ topic, partition }),
    contexts: { key: codecContext(topic, 'key'), value: codecContext(topic, 'value') },
    end,
    handed: start,
    reached: start,
  }
}

export function laneOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
