import type { TopicPartition } from '../../driver/driver.ts'
import { groupBy } from '../../driver/group-by.ts'

/** Kafka's requests list partitions under their topic. */
export function byTopic<T extends { readonly topic: string }, P>(
  all: readonly T[],
  of: (one: T) => P,
): { topic: string; partitions: P[] }[] {
  return [...groupBy(all, ({ topic }) => topic)].map(([topic, some]) => ({ topic, partitions: some.map(of) }))
}

/** The same, where the request calls a topic's name `name`. */
export function byTopicName<T extends { readonly topic: string }, P>(
  all: readonly T[],
  of: (one: T) => P,
): { name: string; partitions: P[] }[] {
  return byTopic(all, of).map(({ topic: name, partitions }) => ({ name, partitions }))
}

/** The reverse of `byTopic`, for answers. */
export function flatten<P extends { readonly partition: number }>(
  topics: readonly { readonly topic: string; readonly partitions: readonly P[] }[],
): (P & TopicPartition)[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((one) => ({ ...one, topic })))
}
