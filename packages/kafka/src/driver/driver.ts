import type { Headers, SnapstreamError } from '@snapstream/core'
import type { DriverAdmin } from './driver-admin.ts'
import type { Int64 } from './int64.ts'
import type { IsolationLevel, TopicPartition, TopicPartitionOffset } from './topic-partition.ts'

export type * from './driver-admin.ts'
export type { Int64 } from './int64.ts'
export type * from './topic-partition.ts'

/**
 * The port between `Topic` and a Kafka client. It is small, pull-based and says nothing of any client: whoever
 * implements it runs the suite of `@snapstream/kafka/conformance` against the result.
 *
 * Every promise rejects with a `SnapstreamError` whose `code` is one of the Kafka codes.
 */
export interface Driver {
  /** As shown in error messages: `'kafkajs'`, `'memory'`. */
  readonly name: string
  readonly supports: DriverSupports
  /** Connects nothing yet: admin, producers and consumers connect when they are made. */
  client(settings: ClientSettings): DriverClient
}

/** What a driver can do beyond what every driver must. What it cannot is refused by name before anything is sent. */
export interface DriverSupports {
  /** Names of settings (as in `ClientSettings`, `ConsumerSettings`, `ProducerSettings`) the driver has no use for. */
  readonly ignoredSettings: readonly string[]
  /** True where broker and client share this process, and nothing has to be reachable. */
  readonly inProcess: boolean
  /** How records can be compressed when they are written; all of these are understood when they are read. */
  readonly compression: readonly Compression[]
}

/** Kafka's codecs. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface ClientSettings {
  /** `host:port` each; at least one. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** How long to try before `BROKER_UNREACHABLE`, all addresses and attempts together, in ms. */
  readonly connectTimeoutMs: number
  /** How long one request may take, in ms. */
  readonly requestTimeoutMs: number
  /** How long an answer of a broker may be, in bytes; a longer one closes the connection. Default: 100,000,000. */
  readonly receiveMaxBytes?: number
  /** Encrypts the connections. Undefined: plain text. */
  readonly tls?: TlsSettings
  /** Undefined: nobody in particular. */
  readonly sasl?: SaslSettings
}

/** Certificates and keys in PEM. The key and its passphrase do not show in `util.inspect` and JSON; copies do show them. */
export interface TlsSettings {
  /** Whose certificates are trusted. Undefined: those that Node trusts. */
  readonly ca?: string
  /** The client's own certificate (chain), and its private key. */
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  /** False: the certificate's name need not be that of the broker. The certificate itself is checked all the same. */
  readonly checkHostname: boolean
}

/** The password does not show in `util.inspect` and JSON; a copy does show it. */
export interface SaslSettings {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
}

export interface DriverClient {
  admin(): Promise<DriverAdmin>
  producer(settings: ProducerSettings): Promise<DriverProducer>
  consumer(settings: ConsumerSettings): Promise<DriverConsumer>
}

// ---- producer -----------------------------------------------------------------------------------------------------

export interface ProducerSettings {
  /** -1: all in-sync replicas, 1: the leader, 0: nobody. */
  readonly acks: -1 | 0 | 1
  readonly compression: Compression
  /** A batch that is sent again, because it is not known what became of it, is written once. Needs `acks` -1. */
  readonly idempotence: boolean
}

export interface ProduceRecord {
  /** Text is well-formed, and goes out as UTF-8. */
  readonly key: Uint8Array | string | null
  readonly value: Uint8Array | string | null
  /** Bytes: the headers as a record batch has them, count and all, which go out as they are. */
  readonly headers: Headers | Uint8Array
  /** In ms since the epoch; -1 for none. */
  readonly timestamp: Int64
}

export interface ProduceBatch extends TopicPartition {
  readonly records: readonly ProduceRecord[]
}

/** What became of one batch. `retriable`: nothing is known to be wrong with the records, sending again may work. */
export type ProduceResult =
  | { readonly error?: undefined }
  | {
      readonly error: Error
      readonly retriable: boolean
      /**
       * Where the batch was refused for what is in some of its records, and nothing of it was written: which ones, by
       * their index in it, and why; empty where the broker does not tell which.
       */
      readonly refused?: ReadonlyMap<number, string>
    }

export interface DriverProducer {
  /** How many partitions the topic has, asked anew. Rejects with `TOPIC_MISSING`. */
  partitions(topic: string): Promise<number>
  /**
   * Sends each batch once and answers for each, in the order given, when its acknowledgement is there. Never rejects,
   * and never retries: whoever calls decides. A call holds at most one batch a partition, and the caller never has two
   * calls with the same partition under way. Sending the same `records` array again is a retry.
   */
  send(batches: readonly ProduceBatch[]): Promise<readonly ProduceResult[]>
  close(): Promise<void>
}

// ---- consumer -----------------------------------------------------------------------------------------------------

export interface ConsumerSettings {
  /** The consumer group, or null to read every partition without joining one; then `commit` does nothing. */
  readonly groupId: string | null
  /** A member that comes back under this name within the session time-out gets its partitions again, without a rebalance. */
  readonly groupInstanceId?: string
  /** Where this consumer is: a replica in the same rack is read where the brokers offer it. */
  readonly rackId?: string
  /** Names, and patterns that are matched against all topics when the consumer starts. */
  readonly topics: readonly (string | RegExp)[]
  /**
   * Sets of topics that belong together: this consumer is given partition n of each topic of a set, or of none. Refused
   * with `USAGE` where they have different numbers of partitions. What a leader that knows nothing of it tears apart is
   * not read, and told as trouble.
   */
  readonly copartitioned?: readonly (readonly string[])[]
  /** Without a group: which partitions are read. Default: all. */
  readonly only?: readonly TopicPartition[]
  /** Where to start in a partition without a committed offset. `'error'`: reject `poll` with `OFFSET_OUT_OF_RANGE`. */
  readonly autoOffsetReset: 'earliest' | 'latest' | 'error'
  /** What to do when the offset to read is not there any more (or not yet). Default: `'error'`. */
  readonly onOffsetOutOfRange?: 'earliest' | 'latest' | 'error'
  /**
   * Where to start in this partition if nothing is committed, before `autoOffsetReset`. Negative counts from the end, and
   * ends at the first record there is; beyond the end is out of range. A timestamp (in ms since the epoch) means the
   * first record that has at least this one, or the end.
   */
  startOffset?(topic: string, partition: number): number | { readonly timestamp: number } | undefined
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** How long a member may take to hand over its partitions in a rebalance, in ms. */
  readonly rebalanceTimeoutMs: number
  readonly fetchMaxBytes: number
  readonly fetchMaxWaitMs: number
  /** What a compressed batch may become, and what the large ones may take together, in bytes. */
  readonly maxDecompressedBytes: number
  readonly isolationLevel: IsolationLevel
  /** How long partitions that are added to a topic may stay unnoticed, in ms; a minute at most. Default: a minute. */
  readonly metadataMaxAgeMs?: number
  /** How long to go on trying while brokers are away, once it reads, in ms. Default: as long as it takes to start. */
  readonly deliveryTimeoutMs?: number
  /**
   * Awaited before the first batch of partitions that were assigned, with the offset each would start at; those that it
   * has already, and keeps, are not named again. May answer with other offsets to start at. Called with an empty list when
   * a rebalance left this member without a partition.
   *
   * A start that is not committed and would be another one later (`startOffset`, or `autoOffsetReset: 'latest'`) is
   * committed by the driver at once, unless it was answered with another: whoever owns the partition next goes on from
   * there instead of leaving out what came meanwhile.
   */
  assigned(partitions: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[] | void>
  /**
   * Awaited before partitions are given up, all or some of them; what `poll` handed out of them has arrived by then, and no more comes. With
   * `'revoked'` this member still owns them, keeps sending heartbeats however long it takes, and `commit` works until the
   * promise settles; with `'lost'` they belong to another already. A member whose `'revoked'` takes longer than
   * `rebalanceTimeoutMs` is put out of the group: it is called with `'lost'` while the first call is pending, and joins
   * again when both have settled. Not called by `close`. A rejection of `assigned` or `revoked` is what `poll` rejects
   * with; the consumer has left its group then.
   */
  revoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void>
  /**
   * Told the offset behind the last record that can be read of a partition when it was looked into and no record came: with
   * `endOffset` of its batches this makes the lag of each partition known. May be called often; must not throw.
   */
  onEndOffset?(end: TopicPartitionOffset): void
  /** Told of what fails for a passing reason and is tried again by itself: a broker that is away. As often as it does. */
  onTrouble?(error: Error): void
}

/**
 * Records of one partition, by column, so that a driver can decode what is asked for and nothing else. Keys, values and
 * headers may be views of memory that is shared: not to be written into.
 */
export interface RecordBatch extends TopicPartition {
  readonly length: number
  /** The offset to go on from after the whole batch; it covers records that are not shown (control records). */
  readonly nextOffset: number
  /** The offset behind the last record that could have been read when this was fetched: what lies between is the lag. */
  readonly endOffset: number
  /** What the batch holds in memory, in bytes, including what each record costs beside its payload. */
  readonly bytes: number
  offset(i: number): number
  key(i: number): Uint8Array | null
  value(i: number): Uint8Array | null
  /**
   * The same as text, by drivers that have it without making the bytes: null where there is none, undefined where it is
   * not UTF-8.
   */
  keyText?(i: number): string | null | undefined
  valueText?(i: number): string | null | undefined
  /** Undefined where some of them cannot be read: a name is not UTF-8, or a count or a length is wrong. Never throws. */
  headers(i: number): Headers | undefined
  /** All headers as the record batch has them, count and all, where `headers` has no answer. */
  headerBytes?(i: number): Uint8Array | undefined
  /** In ms since the epoch; -1 for none. */
  timestamp(i: number): Int64
  /**
   * Why record `i` could not be read. It stands for all records from its offset up to `nextOffset`: its value is the batch
   * as it stands in the log, its key is null.
   */
  error?(i: number): SnapstreamError | undefined
}

export interface DriverConsumer {
  /**
   * The next batch of any partition that is assigned; undefined after `close`. A batch may be empty (`length` 0): it
   * reports that reading went past records which are not shown. Of a partition at most two batches are out at a time:
   * the next comes after `release`. Never called twice at once. Heartbeats go on whether or not it is called.
   * Rejects when the consumer cannot go on, and has left its group then.
   */
  poll(): Promise<RecordBatch | undefined>
  /** The batch is done with: there is room for another of its partition. */
  release(batch: RecordBatch): void
  /**
   * Goes on from another offset of an assigned partition. What was read of it and not polled is dropped; batches that are
   * out are still to be released. Possible as soon as `assigned` was called with the partition, and goes before what that
   * answers. Does nothing for a partition that is not (or no longer) assigned.
   */
  seek(to: TopicPartitionOffset): void
  /** Commits offsets to read next. Partitions that are not (or no longer) assigned are left out, never committed. */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void>
  /** Ends a pending `poll` with undefined and leaves the group, so that others take over at once. */
  close(): Promise<void>
}
