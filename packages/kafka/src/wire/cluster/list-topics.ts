import type { Cluster } from './cluster.ts'
import { isTopicMissing, protocolError } from '../errors/kafka-error.ts'

/** What brokers keep for themselves: never meant by a pattern, never listed. */
const INTERNAL = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state'])

export async function listTopics(cluster: Cluster): Promise<string[]> {
  const { topics } = await cluster.requestMetadata(null)
  return (
    topics
      .filter(({ topic, isInternal }) => !isInternal && !INTERNAL.has(topic))
      // Whether one of them has no leader at the moment is not the question here; one that is being deleted is none.
      .filter(({ errorCode }) => errorCode === 0 || !isTopicMissing(protocolError(errorCode)))
      .map(({ topic }) => topic)
  )
}
