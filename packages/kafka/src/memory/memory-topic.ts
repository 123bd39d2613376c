import { SnapstreamError, describe } from '@snapstream/core'
import type { NewTopic } from '../driver/driver.ts'
import type { PartitionLog, Retention } from './partition-log.ts'

/** A topic of a memory broker. */
export interface MemoryTopic {
  /** No other topic has it, also none of the same name. */
  readonly id: string
  readonly logs: readonly PartitionLog[]
  /** The largest batch it takes. */
  readonly maxBatchBytes: number
  /** It takes no record without a key, as a topic that is compacted. */
  readonly keyed: boolean
}

/** What `config` of a new topic means here. */
export interface TopicConfig {
  readonly retention: Retention
  readonly maxBatchBytes: number
}

/**
 * The retention and the largest batch of a topic: what its `config` says, in Kafka's terms, over what the broker was made
 * with. Of `cleanup.policy` it takes that a topic that is compacted needs keys; it is never compacted, which Kafka promises
 * no time for either. The rest of Kafka's settings is taken and means nothing here. Throws `KAFKA_FAILED` for a value that is no number.
 */
export function topicConfig(
  { topic, config = {} }: NewTopic,
  defaults: TopicConfig,
): Omit<MemoryTopic, 'id' | 'logs'> & TopicConfig {
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
