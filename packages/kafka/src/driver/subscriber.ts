import type { TopicSet } from './copartitioned.ts'
import type { TopicPartition } from './topic-partition.ts'
import type { StateDescription } from './group-state.ts'

/** A member of a group, as the assignor needs to know it. */
export interface Subscriber {
  readonly id: string
  readonly topics: ReadonlySet<string>
  /** The partitions that it owns, and keeps where that is fair. @default none */
  readonly owned?: readonly TopicPartition[]
  /** The generation in which it was assigned those: of two owners of a partition the later one is right. @default -1 */
  readonly generationId?: number
  /** Sets of topics: it wants partition n of each topic of a set, or of none. @default none */
  readonly copartitioned?: readonly TopicSet[]
  /** The state that it keeps beside its partitions. @default none */
  readonly state?: StateDescription | undefined
}

/** Whether a member reads all of these topics. */
export function covers({ topics }: Pick<Subscriber, 'topics'>, set: TopicSet): boolean {
  return set.every((topic) => topics.has(topic))
}
