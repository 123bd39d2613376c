import type { TopicPartition } from '../driver/driver.ts'
import { groupBy } from '../driver/group-by.ts'

/** KafkaJS's requests hold partitions by topic. */
export function byTopic<T extends TopicPartition, P>(
  all: readonly T[],
  of: (one: T) => P,
): { topic: string; partitions: P[] }[] {
  return [...groupBy(all, ({ topic }) => topic)].map(([topic, some]) => ({ topic, partitions: some.map(of) }))
}

/** And so do its answers. */
export function flat<P extends { readonly partition: number }>(
  topics: readonly { readonly topic: string; readonly partitions: readonly P[] }[],
): (P & TopicPartition)[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((one) => ({ ...one, topic })))
}

/** KafkaJS takes anything that is not a Buffer for text. */
export function buffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
