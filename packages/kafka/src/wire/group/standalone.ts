import { partitionMissing } from '../../driver/driver-error.ts'
import type { TopicPartition } from '../../driver/driver.ts'
import { partitionKey } from '../../driver/topic-partition.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { watchPartitions } from '../cluster/metadata.ts'
import type { GroupMember } from './membership.ts'

/** A standalone reader, without a group. It owns all partitions from the start, and those that are added to the topics later. */
export function standaloneReader(options: {
  readonly cluster: Cluster
  readonly topics: ReadonlySet<string>
  readonly partitions: readonly TopicPartition[]
  /** Whether partitions that are added to the topics are read as well. */
  readonly watch: boolean
  readonly metadataMaxAgeMs?: number | undefined
  /** Called with partitions to read, and awaited. `added`: they were added to their topics later. */
  readonly assigned: (partitions: readonly TopicPartition[], added: boolean) => Promise<void>
}): GroupMember {
  const { cluster, topics, partitions, watch, metadataMaxAgeMs, assigned } = options
  let fail: (error: unknown) => void = () => {}
  const failed = new Promise<unknown>((resolve) => (fail = resolve))
  const owned = new Set(partitions.map(partitionKey))
  // One call after the other.
  let told = assigned(partitions, false)
  told.catch(fail)

  function takeAdded(): void {
    const added = partitionsToRead(cluster, topics, undefined).filter((at) => !owned.has(partitionKey(at)))
    for (const at of added) owned.add(partitionKey(at))
    if (added.length === 0) return
    told = told.then(() => assigned(added, true))
    told.catch(fail)
  }

  const stop = watch
    ? watchPartitions(cluster.metadata, {
        topics,
        maxAgeMs: metadataMaxAgeMs,
        onChange: takeAdded,
        onError: fail,
      })
    : () => {}
  return {
    commit: async () => {},
    commitIn: async () => false,
    rejoin() {},
    leave: async () => stop(),
    failed,
  }
}

/**
 * The partitions that are read without a group: all of these topics, or `only` those that were asked for. Throws
 * `KAFKA_FAILED` for a partition that does not exist.
 */
export function partitionsToRead(
  { metadata }: Pick<Cluster, 'metadata'>,
  topics: ReadonlySet<string>,
  only: readonly TopicPartition[] | undefined,
): TopicPartition[] {
  if (only) {
    for (const at of only)
      if (metadata.leaderOf(at) === undefined)
        throw partitionMissing(at.topic, at.partition, metadata.partitions(at.topic).length)
    return only.map(({ topic, partition }) => ({ topic, partition }))
  }
  return [...topics].flatMap((topic) => metadata.partitions(topic).map(({ partition }) => ({ topic, partition })))
}
