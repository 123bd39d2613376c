import { SnapstreamError, describe, platformHost } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import type { Driver } from '../driver/driver.ts'
import { memoryAdmin } from './memory-admin.ts'
import { memoryBroker } from './memory-broker.ts'
import { memoryConsumer } from './memory-consumer.ts'
import { memoryProducer } from './memory-producer.ts'
import { memoryTransactionalProducer } from './memory-transactional-producer.ts'
import type { LogRetention } from './partition-log.ts'

/** The options of `memory`. */
export interface MemoryOptions {
  /** The number of partitions of a topic that is created without one. @default 1 */
  readonly defaultPartitions?: number
  /** When old records are deleted. @default never */
  readonly retention?: LogRetention
  /** The largest batch that the broker accepts, in bytes, as `message.max.bytes` of Kafka. @default 1048588 */
  readonly maxBatchBytes?: number
  /** The clock for retention, and for time-outs of rebalances and transactions. @default the platform's */
  readonly host?: Pick<Host, 'now' | 'setTimeout'>
}

/**
 * A Kafka broker and its client in this process, for tests and demos: topics, partitions, offsets, consumer groups with
 * rebalances, transactions, retention. Of a topic's config, `retention.ms`, `retention.bytes` and `max.message.bytes` take effect, and
 * `cleanup.policy: 'compact'` makes keys mandatory; the rest is ignored. There are no replicas, and nothing is compressed,
 * compacted or kept on disk. Addresses are ignored. Each call makes another broker: share the driver to share topics.
 * Records share the bytes of the log: do not write into them.
 *
 * Throws `USAGE` for a wrong number of partitions.
 *
 * @example
 * const driver = memory({ defaultPartitions: 4 })
 * const orders = Topic('orders', { conf: { driver }, create: true })
 */
export function memory(options: MemoryOptions = {}): Driver {
  const { defaultPartitions = 1, retention = {}, maxBatchBytes = 1_048_588, host = platformHost() } = options
  if (!Number.isInteger(defaultPartitions) || defaultPartitions < 1)
    throw new SnapstreamError(
      'USAGE',
      `memory() takes a whole number of at least 1 as defaultPartitions, got ${describe(defaultPartitions)}`,
    )
  const broker = memoryBroker({ defaultPartitions, retention, maxBatchBytes, host })
  return {
    name: 'memory',
    supports: {
      ignoredSettings: [
        'brokers',
        'clientId',
        'connectTimeoutMs',
        'requestTimeoutMs',
        'receiveMaxBytes',
        'tls',
        'sasl',
        'rackId',
        'acks',
        'compression',
        'idempotence',
        'sessionTimeoutMs',
        'heartbeatIntervalMs',
        'fetchMaxWaitMs',
        'maxDecompressedBytes',
      ],
      inProcess: true,
      compression: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    },
    client: ({ clientId }) => ({
      admin: async () => memoryAdmin(broker),
      producer: async () => memoryProducer(broker),
      transactionalProducer: async (settings) => memoryTransactionalProducer(broker, settings),
      consumer: async (settings) => memoryConsumer(broker, settings, clientId),
    }),
  }
}
