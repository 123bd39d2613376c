import type { TopicPartition } from '../../driver/driver.ts'
import { partitionKey } from '../../driver/partition-key.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { GroupMember } from './membership.ts'
import { partitionsToRead } from './subscribe.ts'
import { watchPartitions } from '../cluster/metadata.ts'

/** Reads without a group: has all partitions from the start, and those that are added to the topics later. */
export function loneReader(options: {
  readonly cluster: Cluster
  readonly topics: ReadonlySet<string>
  readonly all: readonly TopicPartition[]
  /** Whether partitions that are added are read as well. */
  readonly watch: boolean
  readonly metadataMaxAgeMs?: number | undefined
  readonly assigned: (partitions: readonly TopicPartition[], more?: boolean) => Promise<void>
  readonly onError: (error: unknown) => void
}): GroupMember {
  const { cluster, topics, all, watch, metadataMaxAgeMs, assigned, onError } = options
  const has = new Set(all.map(partitionKey))
  // One after the other: whoever is told of partitions need not expect to be told of others meanwhile.
  let told = assigned(all)
  told.catch(onError)

  function onChange(): void {
    const added = partitionsToRead(cluster, topics, undefined).filter((at) => !has.has(partitionKey(at)))
    for (const at of added) has.add(partitionKey(at))
    if (added.length === 0) return
    told = told.then(() => assigned(added, true))
    told.catch(onError)
  }

  const stop = watch
    ? watchPartitions(cluster.metadata, { topics, maxAgeMs: metadataMaxAgeMs, onChange, onError })
    : () => {}
  return {
    commit: async () => {},
    leave: async () => stop(),
  }
}
