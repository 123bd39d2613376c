/** A partition of a topic. */
export interface TopicPartition {
  /** The name of the topic. */
  readonly topic: string
  /** The number of the partition, from 0. */
  readonly partition: number
}

/** An offset in a partition. */
export interface TopicPartitionOffset extends TopicPartition {
  /** The offset in the partition. */
  readonly offset: number
}

/** Whether records of open and aborted transactions are read. */
export type IsolationLevel = 'read_committed' | 'read_uncommitted'

/** The name of a partition, `topic/partition`: a key of maps, and the engine's name of its lane. No topic's name has a slash. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

/** The partition with this name. */
export function parsePartitionKey(key: string): TopicPartition {
  const slash = key.lastIndexOf('/')
  return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) }
}

/** `Map.groupBy`, which Node 20 does not have. */
export function groupBy<T, K>(values: Iterable<T>, keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const value of values) {
    const key = keyOf(value)
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return groups
}

/**
 * Groups partitions by topic, as Kafka's requests list them.
 *
 * @param of makes the entry of a partition
 */
export function byTopic<T extends { readonly topic: string }, P>(
  all: readonly T[],
  of: (one: T) => P,
): { topic: string; partitions: P[] }[] {
  return [...groupBy(all, ({ topic }) => topic)].map(([topic, some]) => ({ topic, partitions: some.map(of) }))
}

/**
 * Groups partitions by topic, for requests that call the topic `name`.
 *
 * @param of makes the entry of a partition
 */
export function byTopicName<T extends { readonly topic: string }, P>(
  all: readonly T[],
  of: (one: T) => P,
): { name: string; partitions: P[] }[] {
  return byTopic(all, of).map(({ topic: name, partitions }) => ({ name, partitions }))
}

/** Turns partitions that an answer lists by topic into one list. */
export function flatten<P extends { readonly partition: number }>(
  topics: readonly { readonly topic: string; readonly partitions: readonly P[] }[],
): (P & TopicPartition)[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((one) => ({ ...one, topic })))
}
