import type { Host } from '@snapstream/core'
import { topicMissing } from '../driver/driver-error.ts'
import { memoryGroup } from './memory-group.ts'
import type { MemoryGroup } from './memory-group.ts'
import { partitionLog } from './partition-log.ts'
import type { PartitionLog, Retention } from './partition-log.ts'

/** What all clients of one `memory()` share. */
export interface MemoryBroker {
  /** Does nothing if the topic exists. */
  createTopic(topic: string, partitions?: number): void
  /** Throws `TOPIC_MISSING`. */
  deleteTopic(topic: string): void
  topics(): string[]
  /** The partitions of a topic. Throws `TOPIC_MISSING`. */
  logs(topic: string): readonly PartitionLog[]
  has(topic: string): boolean
  group(groupId: string): MemoryGroup
  readonly maxBatchBytes: number
}

export function memoryBroker(options: {
  readonly defaultPartitions: number
  readonly retention: Retention
  readonly maxBatchBytes: number
  readonly host: Pick<Host, 'now' | 'setTimeout'>
}): MemoryBroker {
  const { defaultPartitions, retention, maxBatchBytes, host } = options
  const topics = new Map<string, readonly PartitionLog[]>()
  const groups = new Map<string, MemoryGroup>()

  function logs(topic: string): readonly PartitionLog[] {
    const found = topics.get(topic)
    if (!found) throw topicMissing(topic)
    return found
  }

  return {
    createTopic(topic, partitions = defaultPartitions) {
      if (topics.has(topic)) return
      topics.set(
        topic,
        Array.from({ length: partitions }, () => partitionLog(retention, () => host.now())),
      )
    },
    deleteTopic(topic) {
      const dropped = logs(topic)
      topics.delete(topic)
      for (const group of groups.values()) group.forget(topic)
      for (const log of dropped) log.drop()
    },
    topics: () => [...topics.keys()],
    logs,
    has: (topic) => topics.has(topic),
    group(groupId) {
      let group = groups.get(groupId)
      if (!group) {
        group = memoryGroup(
          (topic) => topics.get(topic)?.length ?? 0,
          (f, ms) => host.setTimeout(f, ms),
        )
        groups.set(groupId, group)
      }
      return group
    },
    maxBatchBytes,
  }
}
