import { SnapstreamError, describe, platformHost } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import type { Driver } from '../driver/driver.ts'
import { memoryAdmin } from './memory-admin.ts'
import { memoryBroker } from './memory-broker.ts'
import { memoryConsumer } from './memory-consumer.ts'
import { memoryProducer } from './memory-producer.ts'
import type { LogRetention } from './partition-log.ts'

export interface MemoryOptions {
  /** How many partitions a topic gets that is created without a number. @default 1 */
  readonly defaultPartitions?: number
  /** When old records go. Whoever still wants to read them is out of range. @default they stay */
  readonly retention?: LogRetention
  /** The largest batch that is taken, in bytes, as `message.max.bytes` of a broker. @default 1048588 */
  readonly maxBatchBytes?: number
  /** The clock: for retention, and for how long a rebalance may take. @default the platform's */
  readonly host?: Pick<Host, 'now' | 'setTimeout'>
}

/**
 * A Kafka broker and its client inside this process, for tests and demos: topics, partitions, offsets, consumer groups
 * with rebalances, retention. Of a topic's config `retention.ms`, `retention.bytes` and `max.message.bytes` count, the
 * rest is taken and means nothing; replicas are not made, and nothing is compressed or compacted. Each call makes a broker of its own; what is to share topics shares the driver. Addresses
 * are not looked at, nothing is kept on disk. Records handed out share the log's bytes: do not write into them.
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
        'isolationLevel',
      ],
      inProcess: true,
      compression: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    },
    client: ({ clientId }) => ({
      admin: async () => memoryAdmin(broker),
      producer: async () => memoryProducer(broker),
      consumer: async (settings) => memoryConsumer(broker, settings, clientId),
    }),
  }
}
