import { assignPartitions, withholdOwned } from '../../driver/assign-partitions.ts'
import { refuseUnequal } from '../../driver/copartitioned.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { JoinedGroup, MemberAssignment } from '../protocol/connection.ts'
import { decodeSubscription, encodeAssignment } from './group-protocol.ts'
import { isTopicMissing, protocolError } from '../errors/kafka-error.ts'

/**
 * The leader's part: shares out the partitions of all topics that members subscribed to. What one of them still has is
 * not given to another yet: its owner gives it up when it learns of it, and joins again. Throws `USAGE` for co-partitioned
 * topics with different numbers of partitions.
 */
export async function shareOut(cluster: Cluster, members: JoinedGroup['members']): Promise<MemberAssignment[]> {
  const subscribers = members.map(({ memberId, metadata }) => ({ id: memberId, ...decodeSubscription(metadata) }))
  const counts = new Map<string, number>()
  for (const topic of new Set(subscribers.flatMap((member) => [...member.topics])))
    counts.set(topic, await partitionCount(cluster, topic))
  const partitionsOf = (topic: string) => counts.get(topic) ?? 0
  refuseUnequal(
    subscribers.flatMap(({ copartitioned }) => copartitioned),
    partitionsOf,
  )
  const shares = assignPartitions(subscribers, partitionsOf)
  return [...withholdOwned(subscribers, shares, partitionsOf)].map(([memberId, assignment]) => ({
    memberId,
    assignment: encodeAssignment(assignment),
  }))
}

async function partitionCount(cluster: Cluster, topic: string): Promise<number> {
  const known = cluster.metadata.partitions(topic).length
  if (known > 0) return known
  // Not followed: whether another member's topic is gone is none of this member's business.
  const { topics } = await cluster.requestMetadata([topic])
  for (const { topic: name, errorCode, partitions } of topics) {
    if (name !== topic) continue
    if (errorCode === 0) return partitions.length
    const error = protocolError(errorCode)
    // Whoever subscribed to it finds out by itself.
    if (!isTopicMissing(error)) throw error
  }
  return 0
}
