import { topicMissing } from '../../driver/driver-error.ts'
import type { TopicPartition } from '../../driver/driver.ts'
import type { ClusterMetadata, PartitionMetadata } from '../connection.ts'
import { isTopicMissing, kafkaError, protocolError } from '../errors/kafka-error.ts'
import { expectNames, oddAnswer } from '../errors/odd-answer.ts'

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
    expectNames(
      'Metadata',
      names,
      topics.map(({ topic }) => topic),
    )
    const asked = new Set(names)
    let problem: unknown
    for (const { topic, errorCode, partitions } of topics) {
      if (!asked.has(topic)) continue
      if (errorCode === 0) known.set(topic, inOrder(topic, partitions))
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
    leaderOf({ topic, partition }) {
      const all = partitions(topic)
      // All of them are there, as a rule.
      const one = all[partition]
      return (one?.partition === partition ? one : all.find((other) => other.partition === partition))?.leader
    },
  }
}

/** Throws for numbers that no partition has. */
function inOrder(topic: string, partitions: readonly PartitionMetadata[]): readonly PartitionMetadata[] {
  const sorted = partitions.toSorted((a, b) => a.partition - b.partition)
  if (sorted.length === 0) throw oddAnswer('Metadata', `${JSON.stringify(topic)} has no partition`, { topic })
  sorted.forEach(({ partition }, i) => {
    if (partition < 0 || partition === sorted[i - 1]?.partition)
      throw oddAnswer('Metadata', `${JSON.stringify(topic)} has a partition ${partition}, or has it twice`, { topic })
  })
  return sorted
}

/** What passes stays as the broker said it, so that it is known to pass. */
function named(error: Error & { readonly errorCode: number }, topic: string): unknown {
  const wrapped = kafkaError(error, `ask for the topic ${JSON.stringify(topic)}`, { topic })
  return wrapped.code === 'KAFKA_FAILED' ? error : wrapped
}
