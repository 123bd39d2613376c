import type { TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { expectPartitions, throwFor } from '../errors/kafka-error.ts'

/** The committed offsets of a group; partitions without one are left out. */
export async function committedOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<TopicPartitionOffset[]> {
  if (partitions.length === 0) return []
  const coordinator = await cluster.node(await cluster.findCoordinator(groupId))
  const answer = await coordinator.offsetFetch({ groupId, partitions })
  throwFor(answer)
  // A partition without an answer would count as not committed.
  expectPartitions('OffsetFetch', partitions, answer.partitions)
  const committed: TopicPartitionOffset[] = []
  for (const one of answer.partitions) {
    throwFor(one)
    const { topic, partition, offset } = one
    if (offset >= 0) committed.push({ topic, partition, offset })
  }
  return committed
}
