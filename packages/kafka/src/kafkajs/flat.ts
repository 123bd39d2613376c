import type { TopicPartition } from '../driver/driver.ts'

/** KafkaJS's answers hold partitions by topic. */
export function flat<P extends { readonly partition: number }>(
  topics: readonly { readonly topic: string; readonly partitions: readonly P[] }[],
): (P & TopicPartition)[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((one) => ({ ...one, topic })))
}
