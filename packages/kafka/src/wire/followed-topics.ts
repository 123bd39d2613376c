import { topicMissing } from '../driver/driver-error.ts'
import type { TopicPartition } from '../driver/driver.ts'
import type { ClusterMetadata, PartitionMetadata } from './connection.ts'
import { isTopicMissing, kafkaError, protocolError } from './kafka-error.ts'

const MAX_AGE_MS = 300_000

/** What is known of the topics that somebody is interested in. */
export interface FollowedTopics {
  /** Follows a topic from here on. Throws `TOPIC_MISSING`, and does not follow it then. */
  follow(topic: string): Promise<void>
  /** Asks for these topics, and follows them. Throws `TOPIC_MISSING`, and does not follow what is missing. */
  ask(topics: readonly string[]): Promise<void>
  /**
   * Asks for all that are followed. One that is gone is not followed any more, and thrown as `TOPIC_MISSING` unless
   * `tolerant`.
   */
  refresh(tolerant?: boolean): Promise<void>
  /** The same, for what is so old that nobody knows. */
  refreshIfOld(): Promise<void>
  /** In order; none of a topic that is not followed. */
  partitions(topic: string): readonly PartitionMetadata[]
  /** -1 while the partition has none; undefined for a partition that is not known. */
  leaderOf(at: TopicPartition): number | undefined
}

export function followedTopics(
  metadata: (topics: readonly string[]) => Promise<ClusterMetadata>,
  now: () => number = () => performance.now(),
): FollowedTopics {
  const known = new Map<string, readonly PartitionMetadata[]>()
  let refreshedAt = now()

  async function ask(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const { topics } = await metadata(names)
    let problem: unknown
    for (const { topic, errorCode, partitions } of topics) {
      if (errorCode === 0)
        known.set(
          topic,
          partitions.toSorted((a, b) => a.partition - b.partition),
        )
      else {
        const error = protocolError(errorCode)
        const missing = isTopicMissing(error)
        if (missing) known.delete(topic)
        // What is missing says more than what passes.
        if (missing) problem = topicMissing(topic, error)
        else problem ??= named(error, topic)
      }
    }
    if (problem) throw problem
  }

  async function refresh(tolerant = false): Promise<void> {
    await ask([...known.keys()]).catch((error: unknown) => {
      if (!tolerant || !isTopicMissing(error)) throw error
    })
    refreshedAt = now()
  }

  const partitions = (topic: string) => known.get(topic) ?? []
  return {
    ask,
    refresh,
    partitions,
    async follow(topic) {
      if (!known.has(topic)) await ask([topic])
    },
    async refreshIfOld() {
      if (now() - refreshedAt > MAX_AGE_MS) await refresh(true)
    },
    leaderOf: (at) => partitions(at.topic).find(({ partition }) => partition === at.partition)?.leader,
  }
}

/** What passes stays as the broker said it, so that it is known to pass. */
function named(error: Error & { readonly errorCode: number }, topic: string): unknown {
  const wrapped = kafkaError(error, `ask for the topic ${JSON.stringify(topic)}`, { topic })
  return wrapped.code === 'KAFKA_FAILED' ? error : wrapped
}
