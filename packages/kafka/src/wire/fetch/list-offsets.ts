import type { TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { groupBy } from '../../driver/group-by.ts'
import { partitionKey } from '../../driver/partition-key.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { KAFKA } from '../errors/error-table.ts'
import { protocolError, throwFor } from '../errors/kafka-error.ts'
import { oddAnswer } from '../errors/odd-answer.ts'

const LATEST = -1
const EARLIEST = -2

/**
 * The offsets of partitions that are followed: the first that can be read, the one behind the last, or that of the first
 * record with at least a timestamp, and the one behind the last where there is none.
 */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  at: 'earliest' | 'latest' | number,
  readCommitted: boolean,
): Promise<TopicPartitionOffset[]> {
  const timestamp = at === 'earliest' ? EARLIEST : at === 'latest' ? LATEST : Math.ceil(at)
  const byLeader = groupBy(partitions, (of) => cluster.metadata.leaderOf(of) ?? -1)
  if (byLeader.has(-1)) throw protocolError(KAFKA.LEADER_NOT_AVAILABLE, 'a partition has no leader')
  const answers = await Promise.all(
    [...byLeader].map(async ([leader, of]) => {
      const broker = await cluster.node(leader)
      const request = of.map(({ topic, partition }) => ({ topic, partition, timestamp }))
      return broker.listOffsets({ readCommitted, partitions: request })
    }),
  )
  const found = new Map(
    answers.flat().map((answer) => {
      throwFor(answer)
      return [partitionKey(answer), answer.offset]
    }),
  )
  const offsets = partitions.map(({ topic, partition }) => {
    const offset = found.get(partitionKey({ topic, partition }))
    if (offset === undefined) throw protocolError(KAFKA.LEADER_NOT_AVAILABLE, 'a broker did not answer for a partition')
    return { topic, partition, offset }
  })
  if (typeof at !== 'number')
    for (const { topic, partition, offset } of offsets)
      if (offset < 0)
        throw oddAnswer(
          'ListOffsets',
          `partition ${partition} of ${JSON.stringify(topic)} has the ${at} offset ${offset}`,
        )
  const behindTheLast = offsets.filter(({ offset }) => offset < 0)
  if (behindTheLast.length === 0 || typeof at !== 'number') return offsets
  const ends = new Map(
    (await listOffsets(cluster, behindTheLast, 'latest', readCommitted)).map((end) => [partitionKey(end), end]),
  )
  return offsets.map((offset) => ends.get(partitionKey(offset)) ?? offset)
}
