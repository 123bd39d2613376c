import { byTopic } from '@snapstream/kafka/wire'

/** Partitions under their topic, with the field as Kafka calls it in all requests but Fetch. */
export function byTopicName<T extends { readonly topic: string }, P>(
  values: readonly T[],
  partitionOf: (value: T) => P,
): { name: string; partitions: P[] }[] {
  return byTopic(values, partitionOf).map(({ topic: name, partitions }) => ({ name, partitions }))
}
