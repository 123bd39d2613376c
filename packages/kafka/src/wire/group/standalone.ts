import { partitionMissing } from '../../driver/driver-error.ts'
import type { TopicPartition } from '../../driver/driver.ts'
import { partitionKey } from '../../driver/partition-key.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { watchPartitions } from '../cluster/metadata.ts'
import type { GroupMember } from './membership.ts'

/** Reads without a group: owns all partitions from the start, and those that are added to the topics later. */
export function standaloneReader(options: {
  readonly cluster: Cluster
  readonly topics: ReadonlySet<string>
  readonly partitions: readonly TopicPartition[]
  /** Whether partitions that are added to the topics are read as well. */
  readonly watch: boolean
  readonly metadataMaxAgeMs?: number | undefined
  readonly listener: {
    /** `added`: the partitions were added to their topics meanwhile. */
    assigned(partitions: readonly TopicPartition[], added?: boolean): Promise<void>
    /** Reading cannot go on. */
    failed(error: unknown): void
  }
}): GroupMember {
  const { cluster, topics, partitions, watch, metadataMaxAgeMs, listener } = options
  const owned = new Set(partitions.map(partitionKey))
  // One after the other: a listener that is being told of partitions need not expect others meanwhile.
  let told = listener.assigned(partitions)
  told.catch(listener.failed)

  function takeAdded(): void {
    const added = partitionsToRead(cluster, topics, undefined).filter((at) => !owned.has(partitionKey(at)))
    for (const at of added) owned.add(partitionKey(at))
    if (added.length === 0) return
    told = told.then(() => listener.assigned(added, true))
    told.catch(listener.failed)
  }

  const stop = watch
    ? watchPartitions(cluster.metadata, {
        topics,
        maxAgeMs: metadataMaxAgeMs,
        onChange: takeAdded,
        onError: listener.failed,
      })
    : () => {}
  return {
    commit: async () => {},
    leave: async () => stop(),
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
