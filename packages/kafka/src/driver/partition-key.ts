import type { TopicPartition } from './driver.ts'

/** A partition as a key of a map. A topic's name holds no colon. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`
}
