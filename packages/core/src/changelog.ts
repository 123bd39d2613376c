import type { Host } from './host.ts'
import type { ResetItem } from './reset.ts'
import type { Lane, MaybePromise, SinkWriter } from './protocol.ts'

// The log behind a source, as stores need it. Topics implement it, so that stores know no broker.

/** A source whose log can keep the parts of a store: a topic. */
export interface ChangelogSource {
  /** Opens the changelog of a store that has one part for each partition of this source. Rejects with `USAGE`. */
  readonly '~snapstream.changelog': (options: ChangelogOptions) => MaybePromise<Changelog>
  /** Deletes the changelog of a store, for a reset. Rejects with `USAGE`. */
  readonly '~snapstream.resetChangelog': (options: ChangelogResetOptions) => MaybePromise<ChangelogReset>
}

/** The options of `'~snapstream.resetChangelog'`. */
export interface ChangelogResetOptions extends Pick<ChangelogOptions, 'store' | 'sources' | 'enabled'> {
  /** True: nothing is deleted. */
  readonly dryRun: boolean
}

/** The result of `'~snapstream.resetChangelog'`. */
export interface ChangelogReset {
  /** The consumer group of the sources. */
  readonly group: string
  /** The things that were deleted, or would be. */
  readonly items: readonly ResetItem[]
}

/** A source whose own log can be read as a table: a topic. */
export interface TableSource {
  /** Opens the log of the source. Rejects with `USAGE`. */
  readonly '~snapstream.table': (options: TableLogOptions) => MaybePromise<TableLog>
}

/** A source with partitions that can be read together with those of others: a topic. */
export interface PartitionedSource {
  /**
   * Checks that partition n of each source belongs to partition n of the others, and has their group assign these to one member.
   * Call it before the sources are opened. Rejects with `USAGE` for different groups or numbers of partitions, and a pattern of
   * topics.
   */
  readonly '~snapstream.copartition': (options: CopartitionOptions) => MaybePromise<Copartition>
}

/** The options of `'~snapstream.copartition'`. */
export interface CopartitionOptions {
  /** The map of the run. */
  readonly scope: Map<unknown, unknown>
  /** The reader of the sources, for errors: `the join`. */
  readonly title: string
  /** All sources, this one among them. */
  readonly sources: readonly unknown[]
}

/** Sources that are read together. */
export interface Copartition {
  /** The number of partitions of each. */
  readonly partitions: number
  /** They need not be read together any more. */
  close(): void
}

/** The options that changelogs and the logs of tables share. */
interface LogOptions {
  /** Time and timers of the run. */
  readonly host: Host
  /** The map of the run, in which its sources and sinks share connections. */
  readonly scope: Map<unknown, unknown>
  /** Aborted when the time for a graceful end is over. */
  readonly signal: AbortSignal
  /** Reports a transient failure that is retried. */
  trouble(error: Error): void
}

/** The options that a changelog is opened with. */
export interface ChangelogOptions extends LogOptions {
  /** The name of the store. The changelog topic is `<group>-<store>-changelog`. */
  readonly store: string
  /**
   * All sources whose lanes feed the store, this one among them. Partition n of each belongs to part n, so one member gets
   * them together. Refused with `USAGE`: different groups or numbers of partitions, no group, a pattern of topics.
   */
  readonly sources: readonly unknown[]
  /** Whether the changelog is written in the transaction of the run. Undefined: as the topic and its configuration say. */
  readonly exactlyOnce: boolean | undefined
  /** False: there is no topic. `send` then does nothing, and `read` gives nothing. */
  readonly enabled: boolean
  /** The replication factor of a changelog topic that is created. Undefined: the broker's default. */
  readonly replicationFactor: number | undefined
  /** The retention of a changelog topic that is created, in ms (`compact,delete`). Undefined: none (`compact`). */
  readonly retentionMs: number | undefined
  /** The number of other members that keep a copy of each part. */
  readonly standbys: number
  /** The address at which this process answers queries. All members learn it. */
  readonly endpoint: string | undefined
  /** By partition, the changelog offset on disk, also of parts that belong to others. Called at each join of the group. */
  held(): ReadonlyMap<number, number>
  /**
   * Called after each assignment with the partitions to follow without owning them: standbys, and parts that will move here.
   */
  standby(partitions: readonly number[]): void
  /** Requests a checkpoint now: that of `SinkOptions`. A changelog in a transaction asks for it soon after the first record. */
  checkpoint?(): void
}

/** What stores and tables read from a log. */
interface PartitionedLog {
  /** The name of the topic. */
  readonly topic: string
  /** Changes when the topic is deleted and created again: what is on disk then belongs to another log. */
  readonly id: string
  /** The number of partitions. */
  readonly partitions: number
  /** The partition of a lane of the sources. */
  partitionOfLane(lane: Lane): number
  /** The partition of a key, as the source's producer chooses it. */
  partitionOfKey(key: unknown): number
  /**
   * Reads committed records of a partition. `from`: an offset; undefined: the first. It ends at the end of the partition as it
   * is at the call; with `follow` it goes on until `signal` is aborted. Rejects with `OFFSET_OUT_OF_RANGE` if the offset
   * was deleted or is beyond the end: empty the part, and read from the first.
   */
  read(
    partition: number,
    options: { readonly from: number | undefined; readonly follow: boolean; readonly signal: AbortSignal },
  ): AsyncIterable<ChangelogBatch>
  /** Releases all resources. */
  close(): MaybePromise<void>
}

/** Records of one partition, in order. Keys and values are views, which are valid until the next batch is read. */
export interface ChangelogBatch {
  /** The number of records. */
  readonly length: number
  /** The key of record `i`. */
  key(i: number): Uint8Array | null
  /** The value of record `i`; null: its key is deleted. */
  value(i: number): Uint8Array | null
  /** The timestamp of record `i`, in ms since the epoch. Undefined: not known; tables with versions need it. */
  timestamp?(i: number): number | undefined
  /** The offset to go on from, behind the batch. */
  readonly nextOffset: number
  /** The offset behind the last committed record of the partition. */
  readonly endOffset: number
  /** The offset of the first record that the partition still has. */
  readonly startOffset: number
}

/** The log of a store's writes: one partition for each part, compacted by key. */
export interface Changelog extends PartitionedLog {
  /** The consumer group of the sources. */
  readonly group: string
  /**
   * With exactly once, the members by which a sink writer shares the transaction of the run; undefined with at least once.
   */
  readonly transaction:
    | Pick<SinkWriter<unknown>, 'atomic' | 'accepts' | 'release' | 'undo' | 'prepare' | 'flush' | 'abort'>
    | undefined
  /**
   * Writes a record; a null value deletes its key. Exactly once: into the transaction of the run (into the next one while
   * that is being committed). At least once: at once. A returned promise means that the producer is full.
   */
  send(partition: number, key: Uint8Array | string, value: Uint8Array | string | null): void | PromiseLike<void>
  /**
   * Resolves once everything that was sent before the call is acknowledged (with exactly once: committed before), with the
   * offset behind the last acknowledged record of each partition. Rejects with the error of a record that was not delivered.
   */
  flush(): MaybePromise<ReadonlyMap<number, number>>
  /** The owner of a part; undefined while none is known. */
  owner(partition: number): PartitionOwner | undefined
  /** A part that is followed has caught up. If it waits to move here, the group assigns again. */
  warm(partition: number): void
}

/** The member of a group that has a partition. */
export interface PartitionOwner {
  /** Whether it is this process. */
  readonly here: boolean
  /** The address at which it answers queries; empty if it has none. */
  readonly endpoint: string
  /** The addresses of the members with a copy. */
  readonly standbys: readonly string[]
}

/** The options that the log of a table is opened with. */
export interface TableLogOptions extends LogOptions {
  /** The sources that are read beside the table: partition n of each belongs to part n. Undefined: all of the table is read. */
  readonly sources: readonly unknown[] | undefined
  /** By partition, the offset on disk, also of parts that belong to others. Called at each join of the group of the sources. */
  held(): ReadonlyMap<number, number>
  /** Called after each assignment of that group with the partitions to follow, as they will move here. */
  standby(partitions: readonly number[]): void
}

/** The log of a table: a topic with the latest value of each key. */
export interface TableLog extends PartitionedLog {
  /** Encodes a key as the topic does. */
  encodeKey(key: unknown): Uint8Array
  /** Decodes a key. */
  decodeKey(bytes: Uint8Array): unknown
  /** Decodes a value. Returns a promise with an asynchronous codec. */
  decodeValue(bytes: Uint8Array, key: unknown): unknown
  /** A part that is followed has caught up: the group assigns again. */
  warm(partition: number): void
}
