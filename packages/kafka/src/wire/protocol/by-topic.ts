import { groupBy } from '../../driver/group-by.ts'

/** Kafka's requests list partitions under their topic. */
export function byTopic<T extends { readonly topic: string }, P>(
  all: readonly T[],
  of: (one: T) => P,
): { topic: string; partitions: P[] }[] {
  return [...groupBy(all, ({ topic }) => topic)].map(([topic, some]) => ({ topic, partitions: some.map(of) }))
}
