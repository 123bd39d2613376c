/** Kafka's requests list partitions under their topic. */
export function byTopic<T extends { readonly topic: string }, P>(
  values: readonly T[],
  partitionOf: (value: T) => P,
): { topic: string; partitions: P[] }[] {
  const topics = new Map<string, P[]>()
  for (const value of values) {
    const partitions = topics.get(value.topic)
    if (partitions) partitions.push(partitionOf(value))
    else topics.set(value.topic, [partitionOf(value)])
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}

/** The same with the field as Kafka calls it in all requests but Fetch. */
export function byTopicName<T extends { readonly topic: string }, P>(
  values: readonly T[],
  partitionOf: (value: T) => P,
): { name: string; partitions: P[] }[] {
  return byTopic(values, partitionOf).map(({ topic, partitions }) => ({ name: topic, partitions }))
}
