import type { Headers, SnapstreamError } from '@snapstream/core'
import type { DriverAdmin } from './driver-admin.ts'
import type { Compression, DriverProducer, ProducerSettings } from './driver-producer.ts'
import type { GroupState } from './group-state.ts'
import type { Int64 } from './int64.ts'
import type { IsolationLevel, TopicPartition, TopicPartitionOffset } from './topic-partition.ts'
import type { TransactionalProducer, TransactionalProducerSettings } from './transactional-producer.ts'

export type * from './driver-admin.ts'
export type * from './driver-producer.ts'
export type * from './group-state.ts'
export type { Int64 } from './int64.ts'
export type * from './topic-partition.ts'
export type * from './transactional-producer.ts'

/**
 * The port between `Topic` and a Kafka client. It is small and pull-based, and independent of any client library. The suite
 * of `@snapstream/kafka/conformance` tests an implementation.
 *
 * Every promise rejects with a `SnapstreamError` whose `code` is one of the Kafka codes.
 */
export interface Driver {
  /** The name in error messages: `'kafkajs'`, `'memory'`. */
  readonly name: string
  /** The optional features that it has. */
  readonly supports: DriverSupports
  /** Does not connect: admins, producers and consumers connect when they are made. */
  client(settings: ClientSettings): DriverClient
}

/** The optional features of a driver. Settings that need a missing one are refused by name before anything is sent. */
export interface DriverSupports {
  /** Names of settings (as in `ClientSettings`, `ConsumerSettings`, `ProducerSettings`) that the driver does not use. */
  readonly ignoredSettings: readonly string[]
  /** Whether the broker runs in this process, so that no address has to be reachable. */
  readonly inProcess: boolean
  /** The codecs that the driver can compress with. It decompresses all of these. */
  readonly compression: readonly Compression[]
}

/** How to reach the brokers of a cluster, for all admins, producers and consumers of a client. */
export interface ClientSettings {
  /** Addresses of brokers as `host:port`; at least one. */
  readonly brokers: readonly string[]
  /** The name of the client in logs and quotas of the brokers. */
  readonly clientId: string
  /** How long to try before `BROKER_UNREACHABLE`, all addresses and attempts together, in ms. */
  readonly connectTimeoutMs: number
  /** How long one request may take, in ms. */
  readonly requestTimeoutMs: number
  /** The largest answer of a broker, in bytes; a larger one closes the connection. Default: 100,000,000. */
  readonly receiveMaxBytes?: number
  /** Encrypts the connections. Undefined: plain text. */
  readonly tls?: TlsSettings
  /** Undefined: no authentication. */
  readonly sasl?: SaslSettings
}

/** Certificates and keys in PEM. `util.inspect` and JSON do not show the key and its passphrase; copies of the object do. */
export interface TlsSettings {
  /** The authorities that are trusted. Undefined: those that Node trusts. */
  readonly ca?: string
  /** The certificate (chain) of the client. Undefined: the client has none. */
  readonly cert?: string
  /** The private key of `cert`. */
  readonly key?: string
  /** The password of `key`. Undefined: the key is not encrypted. */
  readonly passphrase?: string
  /** Whether the name in the certificate must be that of the broker. The certificate itself is always checked. */
  readonly checkHostname: boolean
}

/** The credentials of a user. `util.inspect` and JSON do not show the password; copies of the object do. */
export interface SaslSettings {
  /** The mechanism of authentication. */
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  /** The name of the user. */
  readonly username: string
  /** The password in plain text. */
  readonly password: string
}

/**
 * Makes admins, producers and consumers for one cluster. Each method connects, and rejects with `BROKER_UNREACHABLE`,
 * `TLS_REFUSED` or `AUTHENTICATION_REFUSED` if that fails.
 */
export interface DriverClient {
  /** Makes an admin. */
  admin(): Promise<DriverAdmin>
  /** Makes a producer. */
  producer(settings: ProducerSettings): Promise<DriverProducer>
  /**
   * Makes a producer of transactions (Kafka's InitProducerId): the transaction that an earlier producer of the same id left
   * open is aborted, and that producer is fenced. Rejects with `USAGE` for a time-out that the brokers refuse.
   */
  transactionalProducer(settings: TransactionalProducerSettings): Promise<TransactionalProducer>
  /** Makes a consumer, which joins its group. Rejects with `TOPIC_MISSING` if a named topic does not exist. */
  consumer(settings: ConsumerSettings): Promise<DriverConsumer>
}

// ---- consumer -----------------------------------------------------------------------------------------------------

/** The topics and the group of a consumer, and how it reads. */
export interface ConsumerSettings {
  /** The consumer group, or null to read every partition without joining one; then `commit` does nothing. */
  readonly groupId: string | null
  /** A member that comes back under this name within the session time-out gets its partitions again, without a rebalance. */
  readonly groupInstanceId?: string
  /**
   * The transactional id of the producer whose transactions commit the offsets of this consumer, by `commitIn`. Needs a group.
   * The metadata of each committed offset then names the owner of the partition. A consumer that is assigned the partition of
   * another owner ends the transaction which that owner left open, waits until no transaction is pending on the offset, and
   * becomes the owner, all before it calls `assigned`. A partition that is given up in order (`revoked`, and `close` of a
   * member that is not static) has no owner afterwards.
   */
  readonly transactionalId?: string
  /** The rack of this consumer: it reads from a replica in the same rack if the brokers offer one. */
  readonly rackId?: string
  /** Names, and patterns that are matched against all topics when the consumer starts. */
  readonly topics: readonly (string | RegExp)[]
  /**
   * Sets of co-partitioned topics: this consumer is assigned partition n of each topic of a set, or of none. Rejects with
   * `USAGE` if they have different numbers of partitions. Partitions that a leader without this feature assigns apart are
   * not read, and are reported to `onTrouble`.
   */
  readonly copartitioned?: readonly (readonly string[])[]
  /** The state that this member keeps beside its partitions. Default: none, and partitions move as balance wants it. */
  readonly state?: GroupState
  /** The partitions to read without a group. Default: all. */
  readonly only?: readonly TopicPartition[]
  /** Where to start in a partition without a committed offset. `'error'`: reject `poll` with `OFFSET_OUT_OF_RANGE`. */
  readonly autoOffsetReset: 'earliest' | 'latest' | 'error'
  /** For an offset that was deleted or is not written yet. Default: `'error'`. */
  readonly onOffsetOutOfRange?: 'earliest' | 'latest' | 'error'
  /**
   * Where to start in a partition without a committed offset; `autoOffsetReset` applies if it returns undefined. A negative
   * offset counts from the end, at most back to the first record; an offset beyond the end is out of range. A timestamp (in
   * ms since the epoch) means the first record with this or a later timestamp, or the end.
   */
  startOffset?(topic: string, partition: number): number | { readonly timestamp: number } | undefined
  /** The time without a heartbeat after which the group removes this member, in ms. */
  readonly sessionTimeoutMs: number
  /** The interval of heartbeats, in ms. */
  readonly heartbeatIntervalMs: number
  /** How long a member may take to hand over its partitions in a rebalance, in ms. */
  readonly rebalanceTimeoutMs: number
  /** The largest amount of data of one fetch, in bytes. A single batch may be larger. */
  readonly fetchMaxBytes: number
  /** How long a broker waits for data before it answers a fetch, in ms. */
  readonly fetchMaxWaitMs: number
  /** The largest size of a batch after decompression, and of all large ones together, in bytes. */
  readonly maxDecompressedBytes: number
  /** Whether records of open and aborted transactions are read. */
  readonly isolationLevel: IsolationLevel
  /**
   * The longest time until the consumer notices partitions that are added to a topic, in ms; a minute at most. Default: a
   * minute.
   */
  readonly metadataMaxAgeMs?: number
  /** How long to retry while brokers are unreachable, in ms, once the consumer reads. Default: as long as for the start. */
  readonly deliveryTimeoutMs?: number
  /**
   * Awaited before the first batch of partitions that were assigned, with the offset at which each would start; partitions
   * that the member keeps are not named again. May resolve with other offsets to start at. Called with an empty list if a
   * rebalance left this member without a partition.
   *
   * The driver commits a start at once if it is not committed and would be another one later (`startOffset`, or
   * `autoOffsetReset: 'latest'`), unless the call resolved with another: the next owner of the partition then goes on from
   * there, and skips no record.
   */
  assigned(partitions: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[] | void>
  /**
   * Awaited before all or some partitions are given up. `poll` returns no more batches of them. With `'revoked'` this member
   * still owns them and sends heartbeats, and `commit` works until the promise settles; with `'lost'` another member may own
   * them already. A member whose `'revoked'` takes longer than `rebalanceTimeoutMs` is removed from the group: it is called
   * with `'lost'` while the first call is pending, and joins again when both have settled. `close` does not call it. If
   * `assigned` or `revoked` rejects, the consumer leaves its group and `poll` rejects with the same error.
   */
  revoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void>
  /**
   * Called with the offset behind the last record of a partition when a fetch brought no record of it. Together with
   * `endOffset` of batches it tells the lag of each partition. May be called often; must not throw.
   */
  onEndOffset?(end: TopicPartitionOffset): void
  /** Called with each retriable error that the driver retries by itself, such as an unreachable broker. */
  onTrouble?(error: Error): void
}

/**
 * Records of one partition, by column, so that a driver decodes only the columns that are read. Keys, values and headers
 * may be views of shared memory: do not write into them.
 */
export interface RecordBatch extends TopicPartition {
  /** The number of records. */
  readonly length: number
  /** The offset to go on from after the batch; it covers records that the batch does not contain (control records). */
  readonly nextOffset: number
  /** The offset behind the last record of the partition when the batch was fetched: the difference is the lag. */
  readonly endOffset: number
  /** The memory of the batch in bytes, including an overhead per record. */
  readonly bytes: number
  /** The offset of record `i`, which counts from 0. */
  offset(i: number): number
  /** The key of record `i`; null for none. */
  key(i: number): Uint8Array | null
  /** The value of record `i`; null for a tombstone. */
  value(i: number): Uint8Array | null
  /**
   * The key as a string, for drivers that can decode it without copying the bytes: null for none, undefined if it is not
   * UTF-8.
   */
  keyText?(i: number): string | null | undefined
  /** The value as a string, like `keyText`. */
  valueText?(i: number): string | null | undefined
  /**
   * The headers of record `i`. Undefined if some cannot be read: a name is not UTF-8, or a count or a length is wrong. Never
   * throws.
   */
  headers(i: number): Headers | undefined
  /** All headers as bytes, with the count, as in the record batch; set where `headers` returns undefined. */
  headerBytes?(i: number): Uint8Array | undefined
  /** The timestamp of record `i` in ms since the epoch; -1 for none. */
  timestamp(i: number): Int64
  /**
   * The reason why record `i` could not be read. The record then stands for all records from its offset up to `nextOffset`:
   * its value is the batch as it is in the log, its key is null.
   */
  error?(i: number): SnapstreamError | undefined
}

/** Reads batches of records from the partitions that are assigned to it. */
export interface DriverConsumer {
  /**
   * The next batch of any assigned partition; undefined after `close`. A batch may be empty (`length` 0) to report that
   * reading went past records that it does not contain. At most two batches of a partition are out at a time: the next one
   * comes after `release`. It is never called while a call is pending. Heartbeats do not depend on it. Rejects if the
   * consumer cannot go on; it has left its group then.
   */
  poll(): Promise<RecordBatch | undefined>
  /** Returns a batch, which makes room for another one of its partition. */
  release(batch: RecordBatch): void
  /**
   * Goes on from another offset of an assigned partition. Batches that were fetched and not polled are dropped; batches that
   * are out must still be released. Possible once `assigned` was called with the partition, and has precedence over the
   * offset with which that call resolves. Ignored for a partition that is not (or no longer) assigned.
   */
  seek(to: TopicPartitionOffset): void
  /** Commits the offsets to read next. Partitions that are not (or no longer) assigned are skipped. */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void>
  /**
   * Adds the offsets to read next to the open transaction of a producer, under the generation of this member. Waits while a
   * rebalance decides which partitions the member keeps. Resolves with false, and adds none, if one of the partitions was lost
   * since it was assigned: abort the transaction then. Needs `transactionalId`, which is that of the producer. Rejects as
   * `sendOffsets` of the producer does.
   */
  commitIn(producer: TransactionalProducer, offsets: readonly TopicPartitionOffset[]): Promise<boolean>
  /**
   * The committed offsets of the group, once no transaction is pending on them; partitions without one are left out, and
   * without a group all are. It waits for up to the time-out of the transactions. Rejects with `NOT_OPEN` once the consumer is
   * closed.
   */
  committed(partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>
  /**
   * Asks the group for a new assignment, when a partition that this member follows has caught up. Calls within a second count
   * as one, and the pause grows to five minutes while the answer stays the same. Without a group or `state` it does nothing.
   */
  rejoin(): void
  /** Ends a pending `poll` with undefined and leaves the group, so that others take over at once. */
  close(): Promise<void>
}
