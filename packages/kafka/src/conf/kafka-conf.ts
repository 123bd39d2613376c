import type { Compression, Driver, SaslSettings } from '../driver/driver.ts'
import type { Secret } from './secret.ts'
import type { SecurityProtocol } from './settings.ts'

/**
 * Settings of Kafka, for all topics (`Conf`) or for one (`conf` of `Topic`). Each can also be given by the dotted name of
 * Kafka's clients. Durations are in ms, sizes in bytes.
 */
export interface KafkaConf extends DottedConf {
  /** The client that talks to the brokers. @default kafkajs() */
  readonly driver?: Driver | undefined
  /** Addresses of brokers as `host:port` or `PLAINTEXT://host:port`, in an array or separated by commas. Required, unless the driver is `memory()`. */
  readonly brokers?: string | readonly string[] | undefined
  /** The consumer group of topics that are read and have no `groupId` option. */
  readonly groupId?: string | undefined
  /** The name of this client in logs and quotas of the brokers. @default 'snapstream' */
  readonly clientId?: string | undefined
  /** The rack or availability zone of this client, to read from a replica in the same one. */
  readonly clientRack?: string | undefined
  /** The time for finding a broker before `BROKER_UNREACHABLE`, for all addresses and attempts together. @default 10000 */
  readonly connectTimeoutMs?: number | undefined
  /** The time-out of one request. @default 30000 */
  readonly requestTimeoutMs?: number | undefined
  /** The age at which the number of partitions of a topic is requested again; at most a minute while it is read. @default 300000 */
  readonly metadataMaxAgeMs?: number | undefined
  /**
   * The largest answer of a broker: a larger or malformed one closes the connection.
   * @default 100000000, or twice `fetchMaxBytes` if that is more
   */
  readonly receiveMaxBytes?: number | undefined

  /** Whether connections are encrypted (`ssl`), and whether a user is authenticated (`sasl`). @default 'plaintext' */
  readonly securityProtocol?: SecurityProtocol | Uppercase<SecurityProtocol> | undefined
  /** The certificates of the authorities that are trusted, as PEM text. @default those that Node trusts */
  readonly sslCa?: string | undefined
  /** The same as the path of a PEM file, which is read when a topic opens. */
  readonly sslCaLocation?: string | undefined
  /** The certificate of the client with its intermediate certificates, as PEM text. */
  readonly sslCert?: string | undefined
  /** The same as the path of a PEM file; a private key in it is ignored. */
  readonly sslCertLocation?: string | undefined
  /** The private key of `sslCert`, as PEM text. */
  readonly sslKey?: string | Secret | undefined
  /** The same as the path of a PEM file. */
  readonly sslKeyLocation?: string | undefined
  /** The password of the private key. */
  readonly sslKeyPassword?: string | Secret | undefined
  /**
   * Whether the certificate of a broker must contain the host name of its address; `'https'` is true, `'none'` and `''` are
   * false. @default true
   */
  readonly sslCheckHostname?: boolean | 'https' | 'none' | '' | undefined
  /** The mechanism of authentication. Required with SASL. */
  readonly saslMechanism?: SaslSettings['mechanism'] | undefined
  /** The name of the user. Required with SASL. */
  readonly saslUsername?: string | undefined
  /** The password of `saslUsername`. Required with SASL. */
  readonly saslPassword?: string | Secret | undefined

  /** The name of this consumer as a static member of its group: if it comes back within the session time-out, it keeps its partitions without a rebalance. */
  readonly groupInstanceId?: string | undefined
  /** Where to start in a partition without a committed offset; with `'error'` (or `'none'`) the stream fails. @default 'earliest' */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'error' | 'none' | undefined
  /** Where to go on if the next offset was deleted, for instance by retention; with `'error'` the stream fails. @default 'error' */
  readonly onOffsetOutOfRange?: 'earliest' | 'latest' | 'error' | undefined
  /** The time without a heartbeat after which a consumer counts as dead. @default 30000 */
  readonly sessionTimeoutMs?: number | undefined
  /** The interval of heartbeats. @default 3000, or a third of `sessionTimeoutMs` if that is less */
  readonly heartbeatIntervalMs?: number | undefined
  /** The time for handing over partitions in a rebalance: set it above the time of the slowest handler. @default 60000 */
  readonly rebalanceTimeoutMs?: number | undefined
  /** The largest amount of data of one fetch. @default 2097152 */
  readonly fetchMaxBytes?: number | undefined
  /** The time that a broker waits for data before it answers a fetch. @default 250 */
  readonly fetchMaxWaitMs?: number | undefined
  /**
   * The largest size of a batch after decompression, and of all large batches of a consumer together. A larger batch is not
   * decompressed; it fails like a record that does not decode. @default 134217728
   */
  readonly maxDecompressedBytes?: number | undefined
  /** Whether records of open and aborted transactions are read. @default 'read_committed' */
  readonly isolationLevel?: 'read_committed' | 'read_uncommitted' | undefined

  /** The replicas that must have a record before it counts as written: `'all'` in-sync replicas (-1), the leader (1), none (0). @default 'all' */
  readonly acks?: 'all' | -1 | 0 | 1 | undefined
  /**
   * Whether a batch that is sent again is written once. Needs `acks: 'all'`.
   * @default true, with `acks: 'all'` and a driver that supports it
   */
  readonly idempotence?: boolean | undefined
  /** The compression of batches; `supports` of a driver lists the codecs that it has. @default 'none' */
  readonly compression?: Compression | undefined
  /**
   * Whether streams write to topics in transactions: the records of a message, to any number of topics, and the position of
   * the message are committed together or not at all. Needs `acks: 'all'`, and sources that are topics with a group.
   * `exactlyOnce` of `Topic` sets it for one topic.
   * @default false
   */
  readonly exactlyOnce?: boolean | undefined
  /**
   * The time after the first record of a transaction of a stream at which it is committed. Readers with
   * `read_committed` get the records then. @default 100
   */
  readonly transactionMs?: number | undefined
  /**
   * The time after which brokers abort a transaction that nobody ends. The time of handlers does not count. Brokers limit it
   * (`transaction.max.timeout.ms`, by default 15 minutes). @default 10000
   */
  readonly transactionTimeoutMs?: number | undefined
  /**
   * How long to retry before a record counts as not delivered, and before a stream stops whose brokers are unreachable.
   * @default 120000
   */
  readonly deliveryTimeoutMs?: number | undefined
  /** How long to wait for more records before a batch is sent. @default 0 */
  readonly lingerMs?: number | undefined
  /** The largest batch of one partition, which also has at most 4000 records. @default 524288 */
  readonly batchSizeBytes?: number | undefined
  /** The largest request, before compression; a record that does not fit is refused. @default 1048576 */
  readonly maxRequestBytes?: number | undefined
  /** How much may wait for acknowledgement before writing waits, counting 200 per record beside its payload. @default 33554432 */
  readonly bufferBytes?: number | undefined
}

/** The same settings by the dotted names of Kafka's clients. */
export interface DottedConf {
  /** Kafka's name of `brokers`. */
  readonly 'bootstrap.servers'?: KafkaConf['brokers']
  /** @deprecated Kafka calls it `bootstrap.servers`. */
  readonly 'metadata.broker.list'?: KafkaConf['brokers']
  /** Kafka's name of `groupId`. */
  readonly 'group.id'?: string | undefined
  /** Kafka's name of `clientId`. */
  readonly 'client.id'?: string | undefined
  /** Kafka's name of `clientRack`. */
  readonly 'client.rack'?: string | undefined
  /** Kafka's name of `connectTimeoutMs`. */
  readonly 'socket.connection.setup.timeout.ms'?: number | undefined
  /** Kafka's name of `requestTimeoutMs`. */
  readonly 'request.timeout.ms'?: number | undefined
  /** Kafka's name of `metadataMaxAgeMs`. */
  readonly 'metadata.max.age.ms'?: number | undefined
  /** Kafka's name of `receiveMaxBytes`. */
  readonly 'receive.message.max.bytes'?: number | undefined
  /** Kafka's name of `securityProtocol`. */
  readonly 'security.protocol'?: KafkaConf['securityProtocol']
  /** Kafka's name of `sslCa`. */
  readonly 'ssl.ca.pem'?: string | undefined
  /** Kafka's name of `sslCa`. */
  readonly 'ssl.truststore.certificates'?: string | undefined
  /** Kafka's name of `sslCaLocation`. */
  readonly 'ssl.ca.location'?: string | undefined
  /** Kafka's name of `sslCert`. */
  readonly 'ssl.certificate.pem'?: string | undefined
  /** Kafka's name of `sslCert`. */
  readonly 'ssl.keystore.certificate.chain'?: string | undefined
  /** Kafka's name of `sslCertLocation`. */
  readonly 'ssl.certificate.location'?: string | undefined
  /** Kafka's name of `sslKey`. */
  readonly 'ssl.key.pem'?: KafkaConf['sslKey']
  /** Kafka's name of `sslKey`. */
  readonly 'ssl.keystore.key'?: KafkaConf['sslKey']
  /** Kafka's name of `sslKeyLocation`. */
  readonly 'ssl.key.location'?: string | undefined
  /** Kafka's name of `sslKeyPassword`. */
  readonly 'ssl.key.password'?: KafkaConf['sslKeyPassword']
  /** Kafka's name of `sslCheckHostname`. */
  readonly 'ssl.endpoint.identification.algorithm'?: KafkaConf['sslCheckHostname']
  /** Kafka's name of `saslMechanism`. */
  readonly 'sasl.mechanism'?: KafkaConf['saslMechanism']
  /** Kafka's name of `saslMechanism`. */
  readonly 'sasl.mechanisms'?: KafkaConf['saslMechanism']
  /** Kafka's name of `saslUsername`. */
  readonly 'sasl.username'?: string | undefined
  /** Kafka's name of `saslPassword`. */
  readonly 'sasl.password'?: KafkaConf['saslPassword']
  /** Kafka's name of `groupInstanceId`. */
  readonly 'group.instance.id'?: string | undefined
  /** Kafka's name of `autoOffsetReset`. */
  readonly 'auto.offset.reset'?: KafkaConf['autoOffsetReset']
  /** Kafka's name of `sessionTimeoutMs`. */
  readonly 'session.timeout.ms'?: number | undefined
  /** Kafka's name of `heartbeatIntervalMs`. */
  readonly 'heartbeat.interval.ms'?: number | undefined
  /** Kafka's name of `rebalanceTimeoutMs`. */
  readonly 'max.poll.interval.ms'?: number | undefined
  /** Kafka's name of `rebalanceTimeoutMs`. */
  readonly 'rebalance.timeout.ms'?: number | undefined
  /** Kafka's name of `fetchMaxBytes`. */
  readonly 'fetch.max.bytes'?: number | undefined
  /** Kafka's name of `fetchMaxWaitMs`. */
  readonly 'fetch.max.wait.ms'?: number | undefined
  /** Kafka's name of `fetchMaxWaitMs`. */
  readonly 'fetch.wait.max.ms'?: number | undefined
  /** Kafka's name of `isolationLevel`. */
  readonly 'isolation.level'?: KafkaConf['isolationLevel']
  /** @deprecated Kafka calls it `acks`. */
  readonly 'request.required.acks'?: KafkaConf['acks']
  /** Kafka's name of `idempotence`. */
  readonly 'enable.idempotence'?: boolean | undefined
  /** Kafka's name of `compression`. */
  readonly 'compression.type'?: KafkaConf['compression']
  /** @deprecated Kafka calls it `compression.type`. */
  readonly 'compression.codec'?: KafkaConf['compression']
  /** The name of `exactlyOnce` in Kafka Streams. */
  readonly 'processing.guarantee'?: 'exactly_once_v2' | 'at_least_once' | undefined
  /** The name of `transactionMs` in Kafka Streams. */
  readonly 'commit.interval.ms'?: number | undefined
  /** Kafka's name of `transactionTimeoutMs`. */
  readonly 'transaction.timeout.ms'?: number | undefined
  /** Kafka's name of `deliveryTimeoutMs`. */
  readonly 'delivery.timeout.ms'?: number | undefined
  /** Kafka's name of `deliveryTimeoutMs`. */
  readonly 'message.timeout.ms'?: number | undefined
  /** Kafka's name of `lingerMs`. */
  readonly 'linger.ms'?: number | undefined
  /** @deprecated Kafka calls it `linger.ms`. */
  readonly 'queue.buffering.max.ms'?: number | undefined
  /** Kafka's name of `batchSizeBytes`. */
  readonly 'batch.size'?: number | undefined
  /** Kafka's name of `maxRequestBytes`. */
  readonly 'max.request.size'?: number | undefined
  /** Kafka's name of `maxRequestBytes`. */
  readonly 'message.max.bytes'?: number | undefined
  /** Kafka's name of `bufferBytes`. */
  readonly 'buffer.memory'?: number | undefined
}
