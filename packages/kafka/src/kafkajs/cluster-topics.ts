import { topicMissing } from '../driver/driver-error.ts'
import type { TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { groupBy } from '../driver/group-by.ts'
import type { KafkaBroker, KafkaCluster } from './internals.ts'
import { isTopicMissing } from './kafkajs-error.ts'
import { withErrors } from './raw-answer.ts'

/** What brokers keep for themselves: never meant by a pattern, never listed. */
const INTERNAL = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state'])

/** To ask about topics. `cluster.metadata` is no good for that: it answers null for an error. */
async function anyBroker(cluster: KafkaCluster): Promise<KafkaBroker> {
  let problem: unknown
  for (const nodeId of cluster.getNodeIds()) {
    try {
      return await cluster.findBroker({ nodeId })
    } catch (error) {
      problem = error
    }
  }
  if (problem === undefined) await cluster.refreshMetadata()
  throw problem ?? Object.assign(new Error('no broker is known yet'), NO_LEADER)
}

export async function listTopics(cluster: KafkaCluster): Promise<string[]> {
  // Whether one of them has no leader at the moment is not the question here.
  const { topicMetadata } = await withErrors(await anyBroker(cluster)).metadata([])
  return topicMetadata.map(({ topic }) => topic).filter((topic) => !INTERNAL.has(topic))
}

/** Follows a topic from here on. Throws `TOPIC_MISSING`, and does not follow it then. */
export async function followTopic(cluster: KafkaCluster, topic: string): Promise<void> {
  try {
    await cluster.addTargetTopic(topic)
  } catch (error) {
    if (!isTopicMissing(error)) throw error
    // The answer may be about another topic, that was followed and is gone since.
    await refreshTopics(cluster, true)
    await cluster.addTargetTopic(topic).catch((error: unknown) => {
      throw isTopicMissing(error) ? topicMissing(topic, error) : error
    })
  }
}

/**
 * Asks for the topics that are followed. One that is gone fails the answer for all of them without being named: it is
 * looked for, not followed any more, and thrown as `TOPIC_MISSING` unless `tolerant`.
 */
export async function refreshTopics(cluster: KafkaCluster, tolerant = false): Promise<void> {
  try {
    await cluster.refreshMetadata()
  } catch (error) {
    if (!isTopicMissing(error)) throw error
    let missing: string | undefined
    for (const topic of cluster.targetTopics) {
      try {
        await (await anyBroker(cluster)).metadata([topic])
      } catch (one) {
        if (!isTopicMissing(one)) throw one
        cluster.targetTopics.delete(topic)
        missing = topic
      }
    }
    if (missing !== undefined && !tolerant) throw topicMissing(missing, error)
    await cluster.refreshMetadata()
  }
}

/** The offsets of partitions: the first that can be read, or the one that the next record gets. */
export async function listOffsets(
  cluster: KafkaCluster,
  partitions: readonly TopicPartition[],
  at: 'earliest' | 'latest',
): Promise<TopicPartitionOffset[]> {
  const byTopic = groupBy(partitions, ({ topic }) => topic)
  const answers = await cluster.fetchTopicsOffset(
    [...byTopic].map(([topic, of]) => ({
      topic,
      partitions: of.map(({ partition }) => ({ partition })),
      fromTimestamp: at === 'earliest' ? -2 : -1,
    })),
  )
  const found = answers.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
  )
  if (found.length < partitions.length) throw Object.assign(new Error('a partition has no leader'), NO_LEADER)
  return found
}

const NO_LEADER = { name: 'KafkaJSProtocolError', type: 'LEADER_NOT_AVAILABLE' }
