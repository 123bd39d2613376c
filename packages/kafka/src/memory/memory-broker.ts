import type { Host } from '@snapstream/core'
import { topicMissing } from '../driver/driver-error.ts'
import type { NewTopic } from '../driver/driver.ts'
import { memoryGroup } from './memory-group.ts'
import type { MemoryGroup } from './memory-group.ts'
import { topicConfig } from './memory-topic.ts'
import type { MemoryTopic } from './memory-topic.ts'
import { partitionLog } from './partition-log.ts'
import type { PartitionLog, Retention } from './partition-log.ts'

/** What all clients of one `memory()` share. */
export interface MemoryBroker {
  /** Does nothing if the topic exists. */
  createTopic(topic: NewTopic): void
  /** Throws `TOPIC_MISSING`. */
  deleteTopic(topic: string): void
  topics(): string[]
  /** The partitions of a topic. Throws `TOPIC_MISSING`. */
  logs(topic: string): readonly PartitionLog[]
  has(topic: string): boolean
  /** Throws `TOPIC_MISSING`. */
  topicId(topic: string): string
  limits(topic: string): Pick<MemoryTopic, 'maxBatchBytes' | 'keyed'>
  /** One that is asked for is made: whether it counts as existing, it knows itself. */
  group(groupId: string): MemoryGroup
  groupIds(): string[]
}

export function memoryBroker(options: {
  readonly defaultPartitions: number
  readonly retention: Retention
  readonly maxBatchBytes: number
  readonly host: Pick<Host, 'now' | 'setTimeout'>
}): MemoryBroker {
  const { defaultPartitions, host } = options
  const topics = new Map<string, MemoryTopic>()
  const groups = new Map<string, MemoryGroup>()
  let created = 0

  function found(topic: string): MemoryTopic {
    const known = topics.get(topic)
    if (!known) throw topicMissing(topic)
    return known
  }

  return {
    createTopic(topic) {
      if (topics.has(topic.topic)) return
      const { retention, ...limits } = topicConfig(topic, options)
      const { partitions = defaultPartitions } = topic
      const logs = Array.from({ length: partitions }, () => partitionLog(retention, () => host.now()))
      topics.set(topic.topic, { id: `topic ${++created}`, logs, ...limits })
    },
    deleteTopic(topic) {
      const { logs } = found(topic)
      topics.delete(topic)
      for (const group of groups.values()) group.forget(topic)
      for (const log of logs) log.drop()
    },
    topics: () => [...topics.keys()],
    logs: (topic) => found(topic).logs,
    has: (topic) => topics.has(topic),
    topicId: (topic) => found(topic).id,
    limits: found,
    group(groupId) {
      let group = groups.get(groupId)
      if (!group) {
        group = memoryGroup(
          (topic) => topics.get(topic)?.logs.length ?? 0,
          (f, ms) => host.setTimeout(f, ms),
        )
        groups.set(groupId, group)
      }
      return group
    },
    groupIds: () => [...groups.keys()],
  }
}
