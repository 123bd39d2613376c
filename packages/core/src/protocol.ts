/**
 * The protocols between the engine and its adapters. Every source or sink that is not an iterable or a plain function
 * implements them: topics, caches, and adapters of your own. Their members have string keys, so that two copies of this
 * package in one process understand each other. Both copies need the same protocol version, which `expectProtocol` of
 * `@snapstream/core/adapter` checks.
 */

import type { Host } from './host.ts'
import type { Headers, Lane, MaybePromise, Positions } from './source-protocol.ts'

export type {
  Batch,
  BatchSource,
  Headers,
  Lane,
  Lasting,
  MaybePromise,
  Position,
  Positions,
  ReaderOptions,
  SourceReader,
} from './source-protocol.ts'

/**
 * The message that a value came from. Its fields are valid only during the call of `write`: copy those you keep. One object
 * for each message in flight, which is used again for a later message.
 */
export interface Origin {
  /** The message itself. */
  readonly message: unknown
  /** The bound source of the message. */
  readonly source: unknown
  /** The lane of the message. */
  readonly lane: Lane
  /** Event time in ms since the epoch; a bigint where a number is not exact. */
  readonly timestamp: number | bigint | undefined
  /** The headers of the message, if it has any. */
  readonly headers: Headers | undefined
  /**
   * Headers that the message hands on to the records that are made of it, such as those of its trace. A header that a handler
   * gives a record by the same name comes before them.
   */
  readonly carried?: Headers | undefined
  /**
   * For a sink that may refuse a value after `write` has returned: keeps the message for that. Undefined where `onError` is
   * 'stop': such a sink rejects its `flush` instead.
   */
  keep?(): Kept | undefined
}

/** A message whose written value may still be refused. */
export interface Kept {
  /**
   * Refuses the value: the binding's `onError` decides, and the checkpoint waits for its verdict. Call it before the
   * `flush` that covers the value resolves. `again` writes the value once more, for a retry; if that is refused too, call
   * `refuse` again. Resolves when the verdict is carried out; rejects if it ends the stream.
   */
  refuse(error: Error, again: () => MaybePromise<void>): Promise<void>
}

/** A message that could not be handled, with the reason: the value that a dead letter sink gets. */
export interface Failure<M = unknown> {
  /** The message that failed. */
  readonly message: M
  /** The error of its last attempt. */
  readonly error: Error
  /** The number of attempts, at least 1. */
  readonly attempts: number
  /** The name of the binding that failed. */
  readonly binding: string
  /** The message before decoding (`Batch.raw`), if the source keeps it. */
  readonly raw?: object
}

/** One round of making things durable. */
export interface Checkpoint {
  /** Counts up from 1 within a run. */
  readonly id: number
  /** The handled positions, by source object. */
  readonly positions: ReadonlyMap<unknown, Positions>
}

/** A sink in a run. */
export interface SinkWriter<T> {
  /**
   * Takes one value. Throws or rejects if it cannot take this value: the binding's `onError` decides. A returned promise
   * means that the sink is full: the next message waits for it.
   */
  write(value: T, origin?: Origin): void | PromiseLike<void>
  /** Takes a failed message as a dead letter. Without this function a dead letter is written like any value. */
  writeFailure?(failure: Failure, origin?: Origin): void | PromiseLike<void>
  /**
   * Resolves once all written values are durable. A rejection means that the sink itself failed: the stream stops. An atomic
   * sink with `abort` may resolve with `{ aborted }`, the reason: none of the values since its last flush is kept. The engine
   * then stops the lanes that feed it, calls `abort`, and has their messages since the last flush handled again.
   */
  flush(checkpoint: Checkpoint): MaybePromise<void | { readonly aborted: Error }>
  /**
   * True: the sink stores effects and positions together, in a transaction. The engine then stops the lanes that feed it at
   * a message boundary (unless it has `release`), passes the positions to `flush`, and does not commit them to the source. After a message that
   * failed or was given up halfway, the engine does not flush the sink again, but calls `abort`; without `abort` the sink has
   * to drop the values since its last flush when it is closed. An object: a transaction that sinks share. The engine calls
   * `release`, `prepare`, `flush`, `abort`, `accepts`, `positions`, `enclose` and `undo` of one of them for all.
   */
  readonly atomic?: boolean | object
  /**
   * For an atomic sink that holds the values of each message, by its `origin`, until the message counts as handled: takes them
   * into the transaction. The engine calls it for each message, in the order of the positions, so that the transaction has the
   * values of exactly the messages before the positions, at any time, and no lane has to stop for a checkpoint. A returned
   * promise means that the sink is full: the next message waits for it.
   */
  release?(origin: Origin): void | PromiseLike<void>
  /**
   * For an atomic sink with `release`: the transaction ends with the values that were released before the call; those that are
   * released later belong to the next one. The engine calls it at the moment when it notes the positions of a checkpoint, and
   * `flush` once the other sinks are flushed.
   */
  prepare?(checkpoint: Checkpoint): void
  /**
   * For an atomic sink that can drop all values since its last flush. The engine calls it in place of `flush` if a message
   * failed halfway, or lanes with values in the transaction were lost, and also after a `flush` that resolved with
   * `{ aborted }`. No message of the lanes that feed the sink is in flight. Values that come later belong to a new transaction.
   * The engine then rewinds the sources that feed it, and the stream goes on. A rejection stops the stream.
   */
  abort?(reason: Error): MaybePromise<void>
  /** For an atomic sink: throws `USAGE` if it cannot store positions of this source. Called before the source is opened. */
  accepts?(source: unknown): MaybePromise<void>
  /** For an atomic sink that stores positions: its positions for these lanes of a source, which were just assigned. */
  positions?(source: unknown, lanes: readonly Lane[]): MaybePromise<Positions | void>
  /**
   * For an atomic sink that handlers write to directly: runs one attempt at a message, from its handler to its sinks, so
   * that the sink knows which writes belong to the message. The sink undoes them when `undo` is called (inside the call, as
   * soon as the handler fails), and when the result rejects or resolves with true (the message was skipped or
   * dead-lettered). A retry is enclosed again, inside the attempt before it. `origin`: the message, as `write` gets it.
   */
  enclose?<T>(handle: () => T, origin: Origin): T
  /**
   * Undoes the writes of the enclosed attempt, or drops the values that are held for the message. Called when its handler has
   * failed; with `release` also when it is skipped, and before its dead letter is written. `origin`: the message.
   */
  undo?(origin: Origin): void
  /** State that is split by the lanes that feed the sink, and follows them. */
  readonly state?: LaneState
  /** Releases all resources. */
  close?(): MaybePromise<void>
}

/**
 * State that is split by lanes: each lane has its own part, which goes where the lane goes. The engine opens a lane once its
 * part is open; other lanes go on meanwhile. With an `atomic` writer the writes of messages are kept or dropped with the
 * transaction. A state with a writer that is not atomic cannot be used beside a transaction.
 */
export interface LaneState {
  /**
   * A lane was assigned. Its first message is handled once this has resolved; a rejection stops the stream. Called once until
   * the lane is closed: a lane that is paused or rewound stays open. `signal`: aborted when the lane is given up, or the
   * stream ends, before that; how the call settles then has no effect. `source`: the bound source of the lane.
   */
  open(source: unknown, lane: Lane, signal: AbortSignal): MaybePromise<void>
  /**
   * The lane was given up, after its last checkpoint. `'lost'`: without one, and its writes since the last are dropped. Also
   * called while `open` is pending, after its signal was aborted; the lane is opened again only once both are over. A lane that is still open at the end is not closed: the
   * writer is.
   */
  close(source: unknown, lane: Lane, reason: 'revoked' | 'lost'): void
  /**
   * An attempt at a message begins: writes with `origin.message` belong to it. Called before each attempt of the handler, and
   * not for a message that did not decode.
   */
  begin(origin: Origin): void
  /**
   * Puts the lanes of several sources in an order. Called before `begin` of the first attempt at a message, but not for a tick,
   * a message that did not decode, and a message of an iterable that was taken from it before the stream stopped; nor in
   * bindings with `concurrency`. A promise: it is not the message's turn. The message is not in flight, and the state is asked
   * again once the promise has resolved, unless the lane was given up. A rejection stops the stream.
   */
  turn?(origin: Origin): void | PromiseLike<void>
  /**
   * Undoes the writes of the message since `begin`, if there are any: its handler failed, it is skipped or goes to the dead
   * letter sink, or it is given up, as its lane was revoked or the stream ends. It may be called more than once.
   */
  undo(origin: Origin): void
  /**
   * The message counts as handled. Called for each message, in the order of the positions, before `release` of the
   * transaction. A returned promise means that the state is full: the next message waits for it.
   */
  release(origin: Origin): void | PromiseLike<void>
  /**
   * Called at the moment at which the positions of a checkpoint are noted: writes that are released later belong to the next one.
   * It is called before `prepare` of the transaction, into which the state may still write.
   */
  prepare(checkpoint: Checkpoint): void
  /**
   * Stores the prepared writes. Called before the positions are committed; with an atomic writer right after the transaction
   * was committed. A rejection stops the stream.
   */
  commit(checkpoint: Checkpoint): MaybePromise<void>
  /** The transaction was aborted: drops all writes since the last `commit`, in all lanes. No message of these lanes is in flight. */
  abort(): void
  /** The parts that are being restored, for health and the watchdog. It must neither wait nor throw. */
  restoring(): readonly RestoreProgress[]
  /** True: handlers only read it, as with a table. It may be used beside any transaction. */
  readonly readOnly?: boolean
  /**
   * True: it lasts no longer than the process, as a clock. It may be used beside any transaction, and gets `prepare`, `commit`
   * and `abort` with it, although its writer is not atomic.
   */
  readonly volatile?: boolean
}

/** How far a part of a state is restored. */
export interface RestoreProgress {
  /** The name of the state. */
  readonly store: string
  /** The number of its part. */
  readonly partition: number
  /** The number of records that are restored. */
  readonly done: number
  /** The number of records to restore. */
  readonly of: number
  /** `'active'`: a lane waits for the part. `'standby'`: a copy, for which nothing waits. */
  readonly role: 'active' | 'standby'
}

/** How late a message is. */
export interface Lateness {
  /** The lane of the message. */
  readonly lane: Lane
  /** The event time of the message, in ms since the epoch. */
  readonly timestamp: number
  /** The event time that its part had reached, in ms since the epoch. */
  readonly time: number
}

/** The options that a sink is opened with. */
export interface SinkOptions {
  /** Aborted when the time for a graceful end (`shutdownMs`) is over. */
  readonly signal: AbortSignal
  /** Time and timers: use it in place of the platform's, so that tests control them. */
  readonly host: Host
  /** One map for each run, shared by all its sources and sinks. */
  readonly scope: Map<unknown, unknown>
  /** Reports a transient failure that is retried; listeners get the event `trouble`. */
  trouble(error: Error): void
  /** Requests a checkpoint now: for an atomic sink that is full, as its writers cannot wait for one. */
  checkpoint?(): void
  /** The bound sources of the bindings that write to the sink or use it. */
  readonly sources: readonly unknown[]
  /**
   * Reports how far a part of the state is restored; listeners get the event `restore`. Call it at the start, at most once a
   * second, and at the end.
   */
  restore?(progress: RestoreProgress): void
  /**
   * Hands a tick, a message that no source has, to the bindings that write to the sink or use it: a step of its own behind the
   * messages that wait in the lane, with state, retries, sinks and transactions as for any message. It moves no position. The
   * next checkpoint commits the position of the lane again, so that brokers refuse it from a process that has lost the lane.
   * `message.timestamp`: its event time. The same object is not handed over again while it waits or is in work.
   *
   * Returns false where no tick is possible: the lane is not open here, the end has begun, or each binding has `concurrency`
   * or is the only one of an iterable and reads it directly (one with a sequential `Through` does not). A tick is dropped when its lane is
   * given up, paused or rewound before it was handled.
   */
  tick?(
    source: unknown,
    lane: Lane,
    message: {
      /** Event time in ms since the epoch. */
      readonly timestamp?: number
    },
  ): boolean
  /**
   * Whether the lane is open here and has nothing more to handle, ticks included: every message that its source had when it was
   * last asked is handled. False for a source that does not know.
   */
  idle?(source: unknown, lane: Lane): boolean
  /**
   * Reports a message that was older than the event time allows, which health counts; listeners get the event `late`. Call it
   * once the message counts as handled (in `release` of a state), so that no retry counts again.
   */
  late?(message: unknown, about: Lateness): void
}

/** A sink that implements the protocol. */
export interface SinkTarget<T> {
  /** Opens a writer. */
  readonly '~snapstream.sink': (options: SinkOptions) => MaybePromise<SinkWriter<T>>
  /**
   * For a sink that stores values in this process alone, such as a cache in a folder: its name in events. When lanes that
   * fed it move to another process, the stored values stay behind.
   */
  readonly '~snapstream.local'?: string
  /** For a sink that passes values on: the sinks behind it, so that a cycle through it is found. */
  readonly '~snapstream.targets'?: readonly unknown[]
}

/** Opened before the first message and closed at the end. Opens are counted: it closes once each `open` was followed by a `close`. */
export interface Resource {
  /** Resolves when it can be used. */
  open(): Promise<void>
  /** Resolves when it is closed, or at once while others have it open. */
  close(): Promise<void>
}
