/**
 * The protocols between the engine and its adapters. Everything that is not an iterable or a plain function comes in
 * through them: topics and caches here, and whatever others write. They live under string keys, so that two copies of
 * this package in one tree understand each other. Both need the same version of them: `expectProtocol` of `adapter`.
 */

export type MaybePromise<T> = T | PromiseLike<T>

/** An ordered part of a source: a partition. */
export type Lane = string | number
/** An opaque, serialisable place in a lane: for Kafka the offset to read next. */
export type Position = string | number
export type Positions = ReadonlyMap<Lane, Position>
/** In wire order, repeats kept. A value may be null, which is not the same as empty. */
export type Headers = readonly (readonly [name: string, value: Uint8Array | null])[]

/** Some messages of one lane, in order. */
export interface Batch<T> {
  readonly lane: Lane
  readonly messages: readonly T[]
  /** What the batch holds in memory, in bytes, including what each record costs beside its payload. */
  readonly bytes: number
  /** Why message `i` could not be made (a decode error); it goes to the binding's `onError`, never to the handler. */
  error?(i: number): Error | undefined
  /** Event time of message `i`, in ms since the epoch; a bigint where a number is not exact. */
  timestamp?(i: number): number | bigint | undefined
  headers?(i: number): Headers | undefined
  /**
   * Message `i` as the source had it, before decoding, for dead letters. Its `topic`, `partition`, `offset` and `key`,
   * where it has them, go into errors.
   */
  raw?(i: number): object | undefined
  /** The position after the first `n` messages. */
  position(n: number): Position
  /** The first `n` messages have been handled by every binding: room for more. Promises nothing about durability. */
  done(n: number): void
}

export interface ReaderOptions {
  /** Aborted when reading has to end. */
  readonly signal: AbortSignal
  readonly host: Host
  /**
   * One map a run, shared by all its sources and sinks: the place to share a connection. It holds the version of the core
   * that runs the stream, see `expectProtocol` of `@snapstream/core/adapter`.
   */
  readonly scope: Map<unknown, unknown>
  /** To be awaited before the first batch of new lanes; may answer with the positions to start from. */
  assigned(lanes: readonly Lane[]): MaybePromise<Positions | void>
  /**
   * To be awaited before lanes are given up. Stops them at the next message, waits for what is in flight, drops what is
   * queued and, unless the lanes are lost already, makes a checkpoint. `'paused'`: they stay with this reader, which stops
   * them for a while or goes on elsewhere.
   */
  revoked(lanes: readonly Lane[], reason: 'revoked' | 'lost' | 'paused'): Promise<void>
  /** Something failed for a passing reason and is tried again: whoever watches the stream is told (event `trouble`). */
  trouble(error: Error): void
}

export interface SourceReader<T> {
  /**
   * The next batch of any lane, or undefined when the source has ended. Never called twice at once. At most two batches
   * of a lane may be out (not yet `done`): while a lane has two, hand out other lanes or wait.
   */
  read(): MaybePromise<Batch<T> | undefined>
  /** Everything before these positions is durable in every sink. Called once a checkpoint. */
  commit(positions: Positions): MaybePromise<void>
  /**
   * How many messages it knows to be behind these positions, undefined if it does not; lanes without a position are counted
   * from where they started. Called often, at any time, also after `close`: it waits for nothing and never throws.
   */
  lag?(handled: Positions): number | undefined
  /**
   * Whether it has been assigned lanes, or told that none is left for it. `lagKnown`: also whether it knows of each lane how
   * much there is to read, so that `lag` leaves none of them out. A reader without it is ready once it is opened. Called
   * as `lag` is.
   */
  ready?(lagKnown: boolean): boolean
  /** Ends a pending `read` and lets go of everything. */
  close(): MaybePromise<void>
}

export interface BatchSource<T> {
  /**
   * Opens a reader. The engine opens the readers of all sources before it reads from the first, so readers that share a
   * connection through `scope` know of each other by then.
   */
  readonly '~snapstream.source': (options: ReaderOptions) => MaybePromise<SourceReader<T>>
  /** The key of a message, for `concurrency`, where the source has one. */
  readonly '~snapstream.key'?: (message: T) => unknown
  /** True for a source that ends by itself (`until: 'end'`): it cannot feed itself for ever. */
  readonly '~snapstream.bounded'?: boolean
  /** For a source whose positions mean the same when it is opened again, by another process: what they belong to. */
  readonly '~snapstream.lasting'?: Lasting
}

/** What positions belong to when they are kept beyond the process. */
export interface Lasting {
  /** A source with the same name has the same lanes, and goes on from the same positions. */
  readonly name: string
  /**
   * What tells lanes from others that had the same names before: those of a topic that was deleted and made anew. Lanes
   * without an answer are taken for the same.
   */
  incarnations?(lanes: readonly Lane[]): MaybePromise<ReadonlyMap<Lane, string>>
}

/** The message a value came from. Valid during the call of `write` only: copy what you keep. */
export interface Origin {
  readonly lane: Lane
  /** Event time in ms since the epoch; a bigint where a number is not exact. */
  readonly timestamp: number | bigint | undefined
  readonly headers: Headers | undefined
  /**
   * For a sink that may refuse a value after `write` has returned: keeps the message until then. Undefined where `onError`
   * is 'stop': the sink rejects its `flush` instead.
   */
  keep?(): Kept | undefined
}

/** A message of which a value was written and may still be refused. */
export interface Kept {
  /**
   * The value is refused, for this reason: the binding's `onError` decides, and the checkpoint waits for what it says. To be
   * called before the `flush` that covers the value resolves. `again` writes the value once more, for a retry; what is
   * refused then is told by another call.
   */
  refuse(error: Error, again: () => MaybePromise<void>): void
}

/** What goes to a dead letter: a message that could not be handled, and why. */
export interface Failure<M = unknown> {
  readonly message: M
  readonly error: Error
  /** How often it was tried, at least 1. */
  readonly attempts: number
  /** The name of the binding that failed. */
  readonly binding: string
  /** The message as its source had it (`Batch.raw`), where the source keeps it. */
  readonly raw?: object
}

/** One round of making things durable. */
export interface Checkpoint {
  /** Counts up from 1 within a run. */
  readonly id: number
  /** What has been handled, by source object. */
  readonly positions: ReadonlyMap<unknown, Positions>
}

export interface SinkWriter<T> {
  /**
   * Takes one value. Throws (or rejects with) what is wrong with this value: the binding's `onError` decides. A returned
   * promise means "full, wait": the next message waits for it.
   */
  write(value: T, origin?: Origin): void | PromiseLike<void>
  /** Takes a message that failed, as a dead letter. Without it a dead letter is written like any value. */
  writeFailure?(failure: Failure, origin?: Origin): void | PromiseLike<void>
  /** Resolves once all that was written is durable. Rejects for what is wrong with the sink itself: the stream stops. */
  flush(checkpoint: Checkpoint): MaybePromise<void>
  /**
   * True: the sink keeps effects and positions together (a transaction). The engine then stops the lanes that feed it at
   * a message boundary, puts the positions into `flush`, and does not commit them to the source. After a message that
   * failed, or had to be given up halfway, it is not flushed any more: what it got since the last time is to be dropped.
   * An object: the transaction, which sinks may share. Those that do count as one: `flush`, `positions` and `enclose` of one
   * of them are called for all.
   */
  readonly atomic?: boolean | object
  /**
   * For an atomic sink that keeps positions itself: those it holds for these lanes of a source. Asked when lanes are
   * assigned, and before that, without lanes, when the source is opened: what it throws then stops the stream.
   */
  positions?(source: unknown, lanes: readonly Lane[]): MaybePromise<Positions | void>
  /**
   * For an atomic sink that handlers write to by themselves: runs one try of a message, from its handler to its sinks, and
   * so learns which of these writes belong to it. They are to be undone at `undo`, which is called within as soon as the
   * handler has failed, and when the outcome rejects or is a promise of true (the message was skipped or dead-lettered). A
   * message that is tried again is enclosed again, within the try before it.
   */
  enclose?<T>(handle: () => T): T
  undo?(): void
  close?(): MaybePromise<void>
}

export interface SinkOptions {
  /** Aborted when the time for a graceful end is over. */
  readonly signal: AbortSignal
  readonly host: Host
  /** One map a run, shared by all its sources and sinks. */
  readonly scope: Map<unknown, unknown>
  /** Something failed for a passing reason and is tried again: whoever watches the stream is told (event `trouble`). */
  trouble(error: Error): void
  /** Has a checkpoint made before its time: for an atomic sink that is full, which cannot let its writers wait for one. */
  checkpoint?(): void
}

export interface SinkTarget<T> {
  readonly '~snapstream.sink': (options: SinkOptions) => MaybePromise<SinkWriter<T>>
  /**
   * For a sink that keeps what it gets in this process alone, as a cache in a folder does: what to call it in events. When
   * lanes that fed it move to another process, what came of them stays behind.
   */
  readonly '~snapstream.local'?: string
  /** For a sink that hands on to others: all of these, so that a cycle through it is found. */
  readonly '~snapstream.targets'?: readonly unknown[]
}

/** Opened before the first message, closed at the end. Opening is counted: it closes when every `open` had its `close`. */
export interface Resource {
  open(): Promise<void>
  close(): Promise<void>
}

/** Time, scheduling and process signals. Feature-detected by default, virtual in tests. */
export interface Host {
  /**
   * The time of day, in whole ms since the epoch (`Date.now()`). It follows corrections of the system's clock, so it can
   * step, forwards and back: use it for times, and `monotonic` for durations.
   */
  now(): number
  /**
   * The ms since some moment, with fractions where the platform has them (`performance.now()`). It never goes back and
   * knows nothing of corrections: use it for durations and for what is due after one.
   */
  monotonic(): number
  /**
   * Calls `f` after `ms` milliseconds of `monotonic`; the returned function cancels it. A wait of more than 2^31-1 ms
   * (24.8 days), which a platform's timer does not take, ends after that: one who waits longer looks at `monotonic` then,
   * and waits again.
   */
  setTimeout(f: () => void, ms: number): () => void
  /** A number of at least 0 and less than 1: it spreads what would happen at the same time in many places. */
  random(): number
  /** Resolves after timers, I/O and signals have had their turn. */
  yield(): Promise<void>
  /** Calls `f` when the process is asked to end; the returned function stops listening. */
  onSignal(f: () => void): () => void
  /** Ends the process at once, where there is one. */
  exit?(code: number): void
}
