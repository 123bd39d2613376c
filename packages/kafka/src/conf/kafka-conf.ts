import type { Driver } from '../driver/driver.ts'

/**
 * Settings of Kafka, for all topics (`Conf`) or for one (`conf` of `Topic`). Each can also be given under the dotted
 * name that other clients use; durations are in ms, sizes in bytes.
 */
export interface KafkaConf extends DottedConf {
  /** What talks to the broker. @default kafkajs() */
  readonly driver?: Driver | undefined
  /** `host:port` each, as an array or separated by commas. Required, unless the driver is `memory()`. */
  readonly brokers?: string | readonly string[] | undefined
  /** The consumer group of topics that are read and have no `groupId` of their own. */
  readonly groupId?: string | undefined
  /** How the broker names this client in its logs and quotas. @default 'snapstream' */
  readonly clientId?: string | undefined
  /** How long to look for a broker before `BROKER_UNREACHABLE`, all addresses and attempts together. @default 10000 */
  readonly connectTimeoutMs?: number | undefined
  /** How long one request may take. @default 30000 */
  readonly requestTimeoutMs?: number | undefined
  /** How old the known number of partitions of a topic may become while it is written to. @default 300000 */
  readonly metadataMaxAgeMs?: number | undefined

  /** Where to start in a partition without a committed offset; `'error'` (or `'none'`) refuses. @default 'earliest' */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'error' | 'none' | undefined
  /** What to do when the offset to read is gone, for instance by retention. @default 'error' */
  readonly onOffsetOutOfRange?: 'earliest' | 'latest' | 'error' | undefined
  /** After how long without a heartbeat a consumer counts as dead. @default 30000 */
  readonly sessionTimeoutMs?: number | undefined
  /** @default 3000 */
  readonly heartbeatIntervalMs?: number | undefined
  /** How long a consumer may take to hand over its partitions: longer than the slowest handler. @default 60000 */
  readonly rebalanceTimeoutMs?: number | undefined
  /** How much one fetch may bring. @default 2097152 */
  readonly fetchMaxBytes?: number | undefined
  /** How long the broker may wait for data before it answers. @default 250 */
  readonly fetchMaxWaitMs?: number | undefined
  /** Whether records of open and aborted transactions are seen. @default 'read_committed' */
  readonly isolationLevel?: 'read_committed' | 'read_uncommitted' | undefined

  /** Who has to have a record before it counts as written: `'all'` (-1) in-sync replicas, the leader (1), nobody (0). @default 'all' */
  readonly acks?: 'all' | -1 | 0 | 1 | undefined
  /** How long to go on trying before a record counts as not delivered. @default 120000 */
  readonly deliveryTimeoutMs?: number | undefined
  /** How long to wait for more records when none is being sent. @default 0 */
  readonly lingerMs?: number | undefined
  /** How large a batch of one partition may get; at most 1000 records. @default 524288 */
  readonly batchSizeBytes?: number | undefined
  /** How much may wait to be acknowledged before writing has to wait, counting 200 a record beside its payload. @default 33554432 */
  readonly bufferBytes?: number | undefined
}

/** The same under the names that configuration of other clients has. */
export interface DottedConf {
  readonly 'bootstrap.servers'?: string | readonly string[] | undefined
  readonly 'metadata.broker.list'?: string | readonly string[] | undefined
  readonly 'group.id'?: string | undefined
  readonly 'client.id'?: string | undefined
  readonly 'socket.connection.setup.timeout.ms'?: number | undefined
  readonly 'request.timeout.ms'?: number | undefined
  readonly 'metadata.max.age.ms'?: number | undefined
  readonly 'auto.offset.reset'?: 'earliest' | 'latest' | 'error' | 'none' | undefined
  readonly 'session.timeout.ms'?: number | undefined
  readonly 'heartbeat.interval.ms'?: number | undefined
  readonly 'max.poll.interval.ms'?: number | undefined
  readonly 'rebalance.timeout.ms'?: number | undefined
  readonly 'fetch.max.bytes'?: number | undefined
  readonly 'fetch.max.wait.ms'?: number | undefined
  readonly 'fetch.wait.max.ms'?: number | undefined
  readonly 'isolation.level'?: 'read_committed' | 'read_uncommitted' | undefined
  readonly 'request.required.acks'?: 'all' | -1 | 0 | 1 | undefined
  readonly 'delivery.timeout.ms'?: number | undefined
  readonly 'linger.ms'?: number | undefined
  readonly 'queue.buffering.max.ms'?: number | undefined
  readonly 'batch.size'?: number | undefined
  readonly 'buffer.memory'?: number | undefined
}
