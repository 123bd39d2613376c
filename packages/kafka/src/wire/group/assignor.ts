import { SnapstreamError } from '@snapstream/core'
import { assignUnits, partitionsOfShares, withholdOwned } from '../../driver/assign-partitions.ts'
import { refuseUnequal, tornApart } from '../../driver/copartitioned.ts'
import type { TopicSet } from '../../driver/copartitioned.ts'
import type { TopicPartition } from '../../driver/driver.ts'
import { heldState } from '../../driver/held-state.ts'
import { assignState } from '../../driver/standbys.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { JoinedGroup, MemberAssignment } from '../protocol/connection.ts'
import { isTopicMissing, protocolError } from '../errors/kafka-error.ts'
import { decodeSubscription, encodeAssignment } from './consumer-protocol.ts'

/**
 * The leader's part: assigns the partitions of all topics that members subscribed to. A partition that another member still
 * owns is not given away yet: its owner gives it up when it learns of that, and joins again. Throws `USAGE` for
 * co-partitioned topics with different numbers of partitions.
 */
export async function assignAll(cluster: Cluster, members: JoinedGroup['members']): Promise<MemberAssignment[]> {
  const subscribers = members.map(({ memberId, metadata }) => ({ id: memberId, ...decodeSubscription(metadata) }))
  const counts = new Map<string, number>()
  for (const topic of new Set(subscribers.flatMap((member) => [...member.topics])))
    counts.set(topic, await partitionCount(cluster, topic))
  const partitionsOf = (topic: string) => counts.get(topic) ?? 0
  refuseUnequal(
    subscribers.flatMap(({ copartitioned }) => copartitioned),
    partitionsOf,
  )
  const state = heldState(subscribers)
  const shares = assignUnits(subscribers, partitionsOf, state)
  const given = withholdOwned(subscribers, partitionsOfShares(shares), partitionsOf)
  const now = new Map([...given].map(([memberId, { partitions }]) => [memberId, partitions]))
  const states = assignState(subscribers, shares, state, now)
  return [...given].map(([memberId, assignment]) => ({
    memberId,
    assignment: encodeAssignment({ ...assignment, state: states.get(memberId) }),
  }))
}

async function partitionCount(cluster: Cluster, topic: string): Promise<number> {
  const known = cluster.metadata.partitions(topic).length
  if (known > 0) return known
  // This metadata is not kept: if a topic of other members is gone, that is no failure of this member.
  const { topics } = await cluster.requestMetadata([topic])
  for (const { topic: name, errorCode, partitions } of topics) {
    if (name !== topic) continue
    if (errorCode === 0) return partitions.length
    const error = protocolError(errorCode)
    // The members that subscribed to the topic report it themselves.
    if (!isTopicMissing(error)) throw error
  }
  return 0
}

/**
 * Splits an assignment by whether co-partitioned topics were kept together. A partition without the others of its set is not
 * read by any member: it waits for a leader that keeps them together. `torn`: the error to report.
 */
export function splitTorn(
  groupId: string,
  copartitioned: readonly TopicSet[],
  partitions: readonly TopicPartition[],
): { readonly whole: readonly TopicPartition[]; readonly torn?: SnapstreamError } {
  const torn = tornApart(copartitioned, partitions)
  if (torn.length === 0) return { whole: partitions }
  const names = torn.map(({ topic, partition }) => `${topic}/${partition}`).join(', ')
  return {
    whole: partitions.filter((at) => !torn.includes(at)),
    torn: new SnapstreamError(
      'KAFKA_FAILED',
      `the leader of the group ${JSON.stringify(groupId)} does not keep co-partitioned topics together: ${names} came ` +
        'without what goes with it, and waits; it goes on when all members of the group run a Snapstream that knows ' +
        'copartitionedWith',
    ),
  }
}
