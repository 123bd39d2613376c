/**
 * The protocol of sources, between the engine and its adapters; a part of `protocol.ts`, where that of sinks is. Its members
 * have string keys, so that two copies of this package in one process understand each other.
 */

import type { Host } from './host.ts'

/** A value, or a promise of it. The engine awaits it only if it is a promise. */
export type MaybePromise<T> = T | PromiseLike<T>

/** An ordered part of a source: a partition. */
export type Lane = string | number
/** An opaque, serialisable place in a lane: for Kafka the offset to read next. */
export type Position = string | number
/** A position for each lane. */
export type Positions = ReadonlyMap<Lane, Position>
/** Headers of a message in wire order; a name may occur more than once. A null value is not the same as an empty one. */
export type Headers = readonly (readonly [name: string, value: Uint8Array | null])[]

/** Some messages of one lane, in order. */
export interface Batch<T> {
  /** The lane of all messages. */
  readonly lane: Lane
  /** The decoded messages, in the order of the lane. */
  readonly messages: readonly T[]
  /** The memory that the batch holds, in bytes: payloads and the overhead of each record. */
  readonly bytes: number
  /** The decode error of message `i`, if it has one. The message then goes to the binding's `onError`, never to the handler. */
  error?(i: number): Error | undefined
  /** Event time of message `i`, in ms since the epoch; a bigint where a number is not exact. */
  timestamp?(i: number): number | bigint | undefined
  /** The headers of message `i`, if it has any. */
  headers?(i: number): Headers | undefined
  /**
   * Message `i` before decoding, for dead letters. Errors copy its `topic`, `partition`, `offset` and `key`, if it has
   * them.
   */
  raw?(i: number): object | undefined
  /** The position after the first `n` messages. */
  position(n: number): Position
  /** Called when every binding has handled the first `n` messages: there is room for more. It says nothing about durability. */
  done(n: number): void
}

/** The options that a source is opened with. */
export interface ReaderOptions {
  /** Aborted when reading has to end. */
  readonly signal: AbortSignal
  /** Time and timers: use it in place of the platform's, so that tests control them. */
  readonly host: Host
  /**
   * One map for each run, shared by all its sources and sinks: the place to share a connection. It holds the version of the core
   * that runs the stream, see `expectProtocol` of `@snapstream/core/adapter`.
   */
  readonly scope: Map<unknown, unknown>
  /** The reader awaits this before the first batch of new lanes. It resolves with the positions to start from, or undefined. */
  assigned(lanes: readonly Lane[]): MaybePromise<Positions | void>
  /**
   * The reader awaits this before it gives lanes up. The engine stops them at the next message, waits for messages in
   * flight, drops queued messages and makes a checkpoint, unless the lanes are lost already. `'paused'`: the lanes stay with
   * this reader, which stops them for a while or seeks.
   */
  revoked(lanes: readonly Lane[], reason: 'revoked' | 'lost' | 'paused'): Promise<void>
  /** Reports a transient failure that is retried; listeners get the event `trouble`. */
  trouble(error: Error): void
}

/** A source in a run: hands out batches and learns which positions are durable. */
export interface SourceReader<T> {
  /**
   * The next batch of any lane, or undefined when the source has ended. Never called twice at once. At most two batches
   * of a lane may be out (not yet `done`): while a lane has two, hand out other lanes or wait.
   */
  read(): MaybePromise<Batch<T> | undefined>
  /** Called once for each checkpoint: everything before these positions is durable in every sink. */
  commit(positions: Positions): MaybePromise<void>
  /**
   * Goes on from the last committed positions of these lanes: a transaction with their messages was aborted. It drops all
   * batches of these lanes, those that are out (they get no more `done`) and those that wait. Once it is called, `read`
   * returns none of them, also if it is pending, and waits for `rewind`. `read` may be called again if it has returned
   * undefined. Required of a source that feeds a sink with `abort`. A rejection stops the stream.
   */
  rewind?(lanes: readonly Lane[]): MaybePromise<void>
  /**
   * The number of messages behind these positions, or undefined if it is not known. Lanes without a position are counted
   * from where they started. The engine calls it often and at any time, also after `close`: it must neither wait nor throw.
   */
  lag?(handled: Positions): number | undefined
  /**
   * Whether no message of the lane is behind this position, as far as the reader knew when it last asked for the lane's end.
   * `handled`: where the lane goes on once all handled messages are durable; undefined: none was handled since it was assigned.
   * False while the end is not known. The engine calls it in the same way as `lag`.
   */
  caughtUp?(lane: Lane, handled: Position | undefined): boolean
  /**
   * Where this lane goes on if no message was handled since it was assigned; undefined while it is being assigned. A checkpoint
   * with a tick (see `SinkOptions`) commits this position. It is called in the same way as `lag`.
   */
  startOf?(lane: Lane): Position | undefined
  /**
   * Whether the reader has been assigned lanes, or told that it gets none. `lagKnown`: it also has to know the end of each
   * lane, so that `lag` counts all of them. A reader without this function is ready once it is opened. It is called in the
   * same way as `lag`.
   */
  ready?(lagKnown: boolean): boolean
  /** Ends a pending `read` and releases all resources. */
  close(): MaybePromise<void>
}

/** A source that implements the protocol. */
export interface BatchSource<T> {
  /**
   * Opens a reader. The engine opens the readers of all sources before it reads from the first, so readers that share a
   * connection through `scope` know of each other by then.
   */
  readonly '~snapstream.source': (options: ReaderOptions) => MaybePromise<SourceReader<T>>
  /** The key of a message, for `concurrency`, if the source has keys. */
  readonly '~snapstream.key'?: (message: T) => unknown
  /** True for a source that ends by itself (`until: 'end'`): a cycle through it ends, too. */
  readonly '~snapstream.bounded'?: boolean
  /** For a source whose positions stay valid when another process opens it: the log that they belong to. */
  readonly '~snapstream.lasting'?: Lasting
}

/** The log that positions belong to when they are stored beyond the process. */
export interface Lasting {
  /** A source with the same name has the same lanes and resumes from the same positions. */
  readonly name: string
  /**
   * An identifier for each lane, which differs from that of an earlier lane with the same name. A topic that was deleted and
   * created again has such lanes. A lane without an entry counts as the same.
   */
  incarnations?(lanes: readonly Lane[]): MaybePromise<ReadonlyMap<Lane, string>>
}
