import kafkajs from 'kafkajs'
import { assignPartitions } from '../driver/assign-partitions.ts'
import type { TopicPartition } from '../driver/driver.ts'
import type { JoinedGroup, KafkaBroker, KafkaCluster } from './internals.ts'
import { isTopicMissing } from './kafkajs-error.ts'

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol

/** A protocol that clients of other languages know too, so that a group can be taken over from them member by member. */
const PROTOCOL = 'roundrobin'

export function groupProtocols(topics: ReadonlySet<string>): { name: string; metadata: Buffer }[] {
  const metadata = MemberMetadata.encode({ version: 0, topics: [...topics], userData: Buffer.alloc(0) })
  return [{ name: PROTOCOL, metadata }]
}

/** The leader's part: shares out the partitions of all topics that members subscribed to. */
export async function shareOut(
  cluster: KafkaCluster,
  broker: KafkaBroker,
  members: JoinedGroup['members'],
): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
  const subscribers = members.map(({ memberId, memberMetadata }) => ({
    id: memberId,
    topics: new Set(MemberMetadata.decode(memberMetadata)?.topics),
  }))
  const counts = new Map<string, number>()
  for (const topic of new Set(subscribers.flatMap((member) => [...member.topics])))
    counts.set(topic, await partitionCount(cluster, broker, topic))
  const assignment = assignPartitions(subscribers, (topic) => counts.get(topic) ?? 0)
  return [...assignment].map(([memberId, partitions]) => {
    const byTopic: Record<string, number[]> = {}
    for (const { topic, partition } of partitions) (byTopic[topic] ??= []).push(partition)
    const memberAssignment = MemberAssignment.encode({ version: 0, assignment: byTopic, userData: Buffer.alloc(0) })
    return { memberId, memberAssignment }
  })
}

async function partitionCount(cluster: KafkaCluster, broker: KafkaBroker, topic: string): Promise<number> {
  const known = cluster.findTopicPartitionMetadata(topic).length
  if (known > 0) return known
  try {
    // Not through the cluster: asking it for another member's topic would make it forget its own.
    const { topicMetadata } = await broker.metadata([topic])
    return topicMetadata[0]?.partitionMetadata.length ?? 0
  } catch (error) {
    // Whoever subscribed to it finds out by itself.
    if (isTopicMissing(error)) return 0
    throw error
  }
}

/** What a member got, in order. */
export function readAssignment(memberAssignment: Buffer): TopicPartition[] {
  const assignment = MemberAssignment.decode(memberAssignment)?.assignment ?? {}
  return Object.entries(assignment)
    .flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })))
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}
