import { SnapstreamError, describe } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import { topicMissing } from '../driver/driver-error.ts'
import type { NewTopic } from '../driver/driver.ts'
import { memoryGroup } from './memory-group.ts'
import type { MemoryGroup } from './memory-group.ts'
import { transactionCoordinator } from './memory-transactions.ts'
import type { TransactionCoordinator } from './memory-transactions.ts'
import { partitionLog } from './partition-log.ts'
import type { PartitionLog, LogRetention } from './partition-log.ts'

/** The state that all clients of one `memory()` share. */
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
  /** The settings that a topic was created with. */
  config(topic: string): Readonly<Record<string, string>>
  limits(topic: string): Pick<MemoryTopic, 'maxBatchBytes' | 'keyed'>
  /** The state of a group, made at the first call. `describe` tells whether the group exists for clients. */
  group(groupId: string): MemoryGroup
  groupIds(): string[]
  readonly transactions: TransactionCoordinator
}

export function memoryBroker(options: {
  readonly defaultPartitions: number
  readonly retention: LogRetention
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
      topics.set(topic.topic, { id: `topic ${++created}`, logs, config: topic.config ?? {}, ...limits })
    },
    deleteTopic(topic) {
      const { logs } = found(topic)
      topics.delete(topic)
      for (const group of groups.values()) group.offsets.forget(topic)
      for (const log of logs) log.drop()
    },
    topics: () => [...topics.keys()],
    logs: (topic) => found(topic).logs,
    has: (topic) => topics.has(topic),
    topicId: (topic) => found(topic).id,
    config: (topic) => found(topic).config,
    limits: found,
    group(groupId) {
      let group = groups.get(groupId)
      if (!group) {
        group = memoryGroup(
          groupId,
          (topic) => topics.get(topic)?.logs.length ?? 0,
          (f, ms) => host.setTimeout(f, ms),
        )
        groups.set(groupId, group)
      }
      return group
    },
    groupIds: () => [...groups.keys()],
    transactions: transactionCoordinator(host),
  }
}

/** A topic of a memory broker. */
interface MemoryTopic {
  /** Unique, also among topics with the same name. */
  readonly id: string
  readonly logs: readonly PartitionLog[]
  /** The settings that it was created with. */
  readonly config: Readonly<Record<string, string>>
  /** The largest batch that it accepts, in bytes. */
  readonly maxBatchBytes: number
  /** Whether it refuses records without a key, as a compacted topic. */
  readonly keyed: boolean
}

/** The settings of a topic that have an effect. */
interface TopicConfig {
  readonly retention: LogRetention
  readonly maxBatchBytes: number
}

/**
 * The settings of a topic: its `config`, with Kafka's names, over the options of the broker. With `cleanup.policy: 'compact'`
 * records need keys; the topic is never compacted, and Kafka does not promise a time for that either. Other settings are
 * accepted and have no effect. Throws `KAFKA_FAILED` for a value that is no number.
 */
function topicConfig(
  { topic, config = {} }: NewTopic,
  defaults: TopicConfig,
): Omit<MemoryTopic, 'id' | 'logs' | 'config'> & TopicConfig {
  function limit(name: string, otherwise: number | undefined): number {
    const text = config[name]
    if (text === undefined) return otherwise ?? Infinity
    const value = Number(text)
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= -1) return value === -1 ? Infinity : value
    throw new SnapstreamError(
      'KAFKA_FAILED',
      `the topic ${JSON.stringify(topic)} cannot be created: ${name} takes a whole number (-1: no limit) as text, ` +
        `got ${describe(text)}`,
      { topic },
    )
  }

  const { retention } = defaults
  return {
    retention: {
      ...retention,
      ms: limit('retention.ms', retention.ms),
      bytes: limit('retention.bytes', retention.bytes),
    },
    maxBatchBytes: limit('max.message.bytes', defaults.maxBatchBytes),
    keyed: config['cleanup.policy']?.split(',').some((policy) => policy.trim() === 'compact') ?? false,
  }
}
