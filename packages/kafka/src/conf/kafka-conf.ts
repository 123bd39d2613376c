import type { Compression, Driver, SaslSettings } from '../driver/driver.ts'
import type { Secret } from './secret.ts'
import type { SecurityProtocol } from './settings.ts'

/**
 * Settings of Kafka, for all topics (`Conf`) or for one (`conf` of `Topic`). Each can also be given under the dotted
 * name that other clients use; durations are in ms, sizes in bytes.
 */
export interface KafkaConf extends DottedConf {
  /** What talks to the broker. @default kafkajs() */
  readonly driver?: Driver | undefined
  /** `host:port` each, also as `PLAINTEXT://host:port`, in an array or separated by commas. Required, unless the driver is `memory()`. */
  readonly brokers?: string | readonly string[] | undefined
  /** The consumer group of topics that are read and have no `groupId` of their own. */
  readonly groupId?: string | undefined
  /** How the broker names this client in its logs and quotas. @default 'snapstream' */
  readonly clientId?: string | undefined
  /** In which rack (or availability zone) this client is, to read from a replica near by. */
  readonly clientRack?: string | undefined
  /** How long to look for a broker before `BROKER_UNREACHABLE`, all addresses and attempts together. @default 10000 */
  readonly connectTimeoutMs?: number | undefined
  /** How long one request may take. @default 30000 */
  readonly requestTimeoutMs?: number | undefined
  /** How old the known number of partitions of a topic may become; while it is read, a minute at most. @default 300000 */
  readonly metadataMaxAgeMs?: number | undefined
  /**
   * How long an answer of a broker may be: a longer one, or what cannot be an answer, closes the connection.
   * @default 100000000, or twice `fetchMaxBytes` if that is more
   */
  readonly receiveMaxBytes?: number | undefined

  /** Whether connections are encrypted (`ssl`), and whether there is a user (`sasl`). @default 'plaintext' */
  readonly securityProtocol?: SecurityProtocol | Uppercase<SecurityProtocol> | undefined
  /** Whose certificates are trusted, as PEM text. @default those that Node trusts */
  readonly sslCa?: string | undefined
  /** The same as a PEM file, read when a topic opens. */
  readonly sslCaLocation?: string | undefined
  /** The client's own certificate, with those in between up to the authority, as PEM text. */
  readonly sslCert?: string | undefined
  /** The same as a file; a key in it is left alone. */
  readonly sslCertLocation?: string | undefined
  /** The private key of `sslCert`, as PEM text. */
  readonly sslKey?: string | Secret | undefined
  /** The same as a file. */
  readonly sslKeyLocation?: string | undefined
  /** The password of the private key. */
  readonly sslKeyPassword?: string | Secret | undefined
  /**
   * Whether a broker's certificate has to have the name that was connected to; `'https'` is true, `'none'` and `''` are
   * false. @default true
   */
  readonly sslCheckHostname?: boolean | 'https' | 'none' | '' | undefined
  /** How the user is proven to be who it is. Required with SASL. */
  readonly saslMechanism?: SaslSettings['mechanism'] | undefined
  /** Who to be. Required with SASL. */
  readonly saslUsername?: string | undefined
  /** The password of `saslUsername`. Required with SASL. */
  readonly saslPassword?: string | Secret | undefined

  /** The name of this consumer within its group: one that comes back under it in time gets its partitions without a rebalance. */
  readonly groupInstanceId?: string | undefined
  /** Where to start in a partition without a committed offset; `'error'` (or `'none'`) refuses. @default 'earliest' */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'error' | 'none' | undefined
  /** What to do when the offset to read is gone, for instance by retention. @default 'error' */
  readonly onOffsetOutOfRange?: 'earliest' | 'latest' | 'error' | undefined
  /** After how long without a heartbeat a consumer counts as dead. @default 30000 */
  readonly sessionTimeoutMs?: number | undefined
  /** How often a consumer tells that it is alive. @default 3000, or a third of `sessionTimeoutMs` if that is less */
  readonly heartbeatIntervalMs?: number | undefined
  /** How long a consumer may take to hand over its partitions: longer than the slowest handler. @default 60000 */
  readonly rebalanceTimeoutMs?: number | undefined
  /** How much one fetch may bring. @default 2097152 */
  readonly fetchMaxBytes?: number | undefined
  /** How long the broker may wait for data before it answers. @default 250 */
  readonly fetchMaxWaitMs?: number | undefined
  /**
   * What a compressed batch may become, and what the large ones of a consumer may take together, in memory. One that would
   * become more is not decompressed: it fails like a record that does not decode. @default 134217728
   */
  readonly maxDecompressedBytes?: number | undefined
  /** Whether records of open and aborted transactions are seen. @default 'read_committed' */
  readonly isolationLevel?: 'read_committed' | 'read_uncommitted' | undefined

  /** Who has to have a record before it counts as written: `'all'` (-1) in-sync replicas, the leader (1), nobody (0). @default 'all' */
  readonly acks?: 'all' | -1 | 0 | 1 | undefined
  /**
   * Whether a batch that has to be sent again is written once. Needs `acks: 'all'`.
   * @default true, with `acks: 'all'` and a driver that has it
   */
  readonly idempotence?: boolean | undefined
  /** How batches are compressed; which of these a driver has is in its `supports`. @default 'none' */
  readonly compression?: Compression | undefined
  /**
   * How long to go on trying before a record counts as not delivered, and while brokers are away before a stream that
   * reads from them stops. @default 120000
   */
  readonly deliveryTimeoutMs?: number | undefined
  /** How long to wait for more records when none is being sent. @default 0 */
  readonly lingerMs?: number | undefined
  /** How large a batch of one partition may get; at most 4000 records. @default 524288 */
  readonly batchSizeBytes?: number | undefined
  /** The largest request that is sent, before compression; a record that does not fit is refused. @default 1048576 */
  readonly maxRequestBytes?: number | undefined
  /** How much may wait to be acknowledged before writing has to wait, counting 200 a record beside its payload. @default 33554432 */
  readonly bufferBytes?: number | undefined
}

/** The same under the names that configuration of other clients has. */
export interface DottedConf {
  readonly 'bootstrap.servers'?: KafkaConf['brokers']
  /** @deprecated Kafka calls it `bootstrap.servers`. */
  readonly 'metadata.broker.list'?: KafkaConf['brokers']
  readonly 'group.id'?: string | undefined
  readonly 'client.id'?: string | undefined
  readonly 'client.rack'?: string | undefined
  readonly 'socket.connection.setup.timeout.ms'?: number | undefined
  readonly 'request.timeout.ms'?: number | undefined
  readonly 'metadata.max.age.ms'?: number | undefined
  readonly 'receive.message.max.bytes'?: number | undefined
  readonly 'security.protocol'?: KafkaConf['securityProtocol']
  readonly 'ssl.ca.pem'?: string | undefined
  readonly 'ssl.truststore.certificates'?: string | undefined
  readonly 'ssl.ca.location'?: string | undefined
  readonly 'ssl.certificate.pem'?: string | undefined
  readonly 'ssl.keystore.certificate.chain'?: string | undefined
  readonly 'ssl.certificate.location'?: string | undefined
  readonly 'ssl.key.pem'?: KafkaConf['sslKey']
  readonly 'ssl.keystore.key'?: KafkaConf['sslKey']
  readonly 'ssl.key.location'?: string | undefined
  readonly 'ssl.key.password'?: KafkaConf['sslKeyPassword']
  readonly 'ssl.endpoint.identification.algorithm'?: KafkaConf['sslCheckHostname']
  readonly 'sasl.mechanism'?: KafkaConf['saslMechanism']
  readonly 'sasl.mechanisms'?: KafkaConf['saslMechanism']
  readonly 'sasl.username'?: string | undefined
  readonly 'sasl.password'?: KafkaConf['saslPassword']
  readonly 'group.instance.id'?: string | undefined
  readonly 'auto.offset.reset'?: KafkaConf['autoOffsetReset']
  readonly 'session.timeout.ms'?: number | undefined
  readonly 'heartbeat.interval.ms'?: number | undefined
  readonly 'max.poll.interval.ms'?: number | undefined
  readonly 'rebalance.timeout.ms'?: number | undefined
  readonly 'fetch.max.bytes'?: number | undefined
  readonly 'fetch.max.wait.ms'?: number | undefined
  readonly 'fetch.wait.max.ms'?: number | undefined
  readonly 'isolation.level'?: KafkaConf['isolationLevel']
  /** @deprecated Kafka calls it `acks`. */
  readonly 'request.required.acks'?: KafkaConf['acks']
  readonly 'enable.idempotence'?: boolean | undefined
  readonly 'compression.type'?: KafkaConf['compression']
  /** @deprecated Kafka calls it `compression.type`. */
  readonly 'compression.codec'?: KafkaConf['compression']
  readonly 'delivery.timeout.ms'?: number | undefined
  readonly 'message.timeout.ms'?: number | undefined
  readonly 'linger.ms'?: number | undefined
  /** @deprecated Kafka calls it `linger.ms`. */
  readonly 'queue.buffering.max.ms'?: number | undefined
  readonly 'batch.size'?: number | undefined
  readonly 'max.request.size'?: number | undefined
  readonly 'message.max.bytes'?: number | undefined
  readonly 'buffer.memory'?: number | undefined
}
