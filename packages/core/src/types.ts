import type { Logger } from './observe/logger.ts'
import type { BatchSource, Failure, MaybePromise, Resource, SinkTarget } from './protocol.ts'

/** A source: an iterable, an async iterable, a topic or a cache. A string is not a source. */
export type Source<T> = (Iterable<T> & object) | AsyncIterable<T> | BatchSource<T>

/** A sink: a function (a promise it returns is awaited), a topic or a cache. */
export type Sink<T> = ((value: T) => unknown) | SinkTarget<T>

/**
 * The second argument of every handler: these fields, and those of the object that was passed to `stream`. Add your own
 * fields by declaration merging, or per app with `createApp<MyContext>()`.
 */
export interface Context {
  /** Aborted when the time for a graceful end (`shutdownMs`) is over. Pass it to calls that may hang. */
  readonly signal: AbortSignal
  /** Ends the stream gracefully: messages in flight are finished and checkpointed. Needs no `this`. */
  readonly stop: () => void
}

/**
 * Operators between sources and a handler, such as a window: it stands in place of the sources of `snap`. `T`: the results that
 * the handler gets; `M`: the messages of its sources.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- the messages of any sources
export interface Through<T, M = any> {
  /** The parts that `snap` binds in its place. */
  readonly '~snapstream.through': ThroughParts<T, M>
}

/** The parts of a `Through`. */
export interface ThroughParts<T, M> {
  /** The name of the operator, for errors: `'window'`. */
  readonly name: string
  /** The sources that it reads, each once. */
  readonly sources: readonly Source<M>[]
  /** The stores and other resources that its operators use: opened, flushed at checkpoints and closed with the binding. */
  readonly use: readonly (Resource | SinkTarget<never>)[]
  /** Objects that only one binding of a stream may have: the operators with state of their own. */
  readonly single: readonly object[]
  /** True: its messages have to be handled one after another in each lane. */
  readonly sequential: boolean
  /** Puts the operators before a handler. Called once for each binding, which may run again. */
  bind(handler: (result: T, context: Context) => unknown): BoundThrough<M>
}

/** Operators and the handler behind them, as one handler of the messages of their sources. Its functions need no `this`. */
export interface BoundThrough<M> {
  /** Handles a message of the sources, or a tick; see `tick` of `SinkOptions`. It answers as a handler does. */
  handler(message: M, context: Context): unknown
  /**
   * The event time of the value that is being written, in ms since the epoch; undefined: that of the message. Sinks ask while
   * they write, and states when a message begins.
   */
  timestamp?(message: M): number | bigint | undefined
}

/** The result of a handler: a value, undefined (emits nothing), a promise, or an iterator (a sync or async generator) of values. Arrays and strings are values. */
export type Emits<O> =
  | MaybePromise<O | void | undefined>
  | Iterator<O | undefined, void>
  | AsyncIterator<O | undefined, void>

/** `retry`: try the message again. `skip`: drop it and go on. `stop`: the stream ends with the error. */
export type ErrorVerdict = 'retry' | 'skip' | 'stop'

/** Decides about a message that failed: it did not decode, its handler threw, or a sink refused a value. */
export type OnError<M> =
  | 'stop'
  | 'skip'
  | ((error: Error, message: M, attempt: number) => MaybePromise<ErrorVerdict>)
  | {
      /**
       * The number of retries before the message goes to the dead letter or stops the stream: a whole number of at least 0. A
       * message that did not decode is not retried. @default 0
       */
      readonly retries?: number
      /**
       * The wait before the first retry, in ms, at least 0. It doubles each time, up to 30 s. Jitter scales it by a random
       * factor between 0.5 and 1, so that messages that failed together are not retried together. @default 100
       */
      readonly backoffMs?: number
      /** The sink for messages that failed after all retries. Without it the stream stops. */
      // oxlint-disable-next-line typescript/no-explicit-any -- each target defines how it stores a failure
      readonly deadLetter?: ((failure: Failure<M>) => unknown) | SinkTarget<any>
    }

/** Options of one `snap`. */
export interface SnapOptions<M> {
  /** The name of the binding in errors, events and logs. @default the handler's name */
  readonly name?: string
  /** Topics and caches that the handler uses directly: opened, flushed at checkpoints and closed with the binding. */
  readonly use?: readonly Resource[]
  /**
   * The number of keys of one lane to handle at once: a whole number of at least 1. Messages of one key stay in order. Needs
   * a `key`, which topic records have. @default 1
   */
  readonly concurrency?: number
  /** A message's key: string, number, bigint, boolean, null or bytes. @default the source's own */
  readonly key?: (message: M) => unknown
  /** A message's event time in ms since the epoch. @default the source's own */
  readonly timestamp?: (message: M) => number
  /** Decides about messages that fail. @default 'stop' */
  readonly onError?: OnError<M>
  /** Whether the binding may feed itself; its handler then has to end the cycle. @default false */
  readonly cycle?: boolean
  /**
   * The time limit for one message in its handler and sinks, in ms, at least 1. After it the stream fails with
   * `PROCESSING_TIMEOUT`, up to a quarter of the limit late. Each attempt, and each output of a generator, has the whole
   * time; the wait before a retry does not count. @default Infinity
   */
  readonly maxProcessingMs?: number
}

/** Options of one `stream`. */
export interface StreamOptions {
  /** Aborting it ends the stream gracefully. @default none */
  readonly signal?: AbortSignal
  /** The time between checkpoints, in ms, at least 1: a checkpoint makes handled messages durable and acknowledges them. @default 1000 */
  readonly checkpointMs?: number
  /** The time limit for a graceful end, in ms, at least 0. @default 25000 */
  readonly shutdownMs?: number
  /**
   * The time after which a binding without progress counts as stalled, in ms, at least 1: a message that is not finished
   * (choose more than the slowest needs), a flush or commit that does not end, a source that has more and gives nothing.
   * Listeners get the event `stall`, and `app.health()` is not live until there is progress. Infinity: never.
   * @default 60000
   */
  readonly stallMs?: number
  /** Ends the process with exit code 75 (EX_TEMPFAIL) at the first `stall`. @default false */
  readonly exitOnStall?: boolean
  /**
   * The largest lag of each source, in messages, at which `app.health()` becomes ready: a whole number. A lag that grows
   * again later does not change that. Infinity: readiness does not wait for the lag. @default Infinity
   */
  readonly readyLag?: number
  /** Gets every event as a line: `console`, or an object with its four functions. @default none */
  readonly logger?: Logger
}

// A sink's `any` (console.log takes any) must not switch off the checks of the other sinks.
type NotAny<T> = 0 extends 1 & T ? unknown : T
export type SinkInput<S> =
  // oxlint-disable-next-line typescript/no-explicit-any -- the function may take further arguments
  S extends SinkTarget<infer T> ? T : S extends (value: infer T, ...rest: any[]) => unknown ? NotAny<T> : never
/**
 * A value for one sink of a binding; see `to`. `S`: the type of the sink. It is a function, as the engine tells functions from
 * other values without a look at their properties.
 */
export interface To<S> {
  /**
   * The index of its sink among the sinks of a binding. Throws `SINK_REFUSED`, with the name of the binding, if the sink is
   * none of them.
   */
  (sinks: readonly unknown[], binding: string): number
  /** The value. */
  readonly '~snapstream.to': SinkInput<S>
  /** The type of the sink; only types have it. */
  readonly '~snapstream.sink'?: S
}

type Intersect<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never
type InputOf<K extends readonly unknown[]> = K extends readonly []
  ? unknown
  : Intersect<{ [I in keyof K]: { v: SinkInput<K[I]> } }[number]> extends { v: infer V }
    ? V
    : never
/** The message that a handler gets from these sources, or a result of a through. */
type MessageOf<S extends readonly unknown[]> = S extends readonly [Through<infer T>] ? T : SourceMessageOf<S>
/** The messages of these sources, or of those of a through. */
type SourceMessageOf<S extends readonly unknown[]> = S[number] extends infer U
  ? U extends Through<unknown, infer M>
    ? M
    : U extends BatchSource<infer T>
      ? T
      : U extends AsyncIterable<infer T>
        ? T
        : U extends Iterable<infer T>
          ? T
          : never
  : never

// oxlint-disable-next-line typescript/no-explicit-any -- bounds of inferred parameters
type AnySources = readonly [Source<any>, ...Source<any>[]] | readonly [Through<any>]
// oxlint-disable-next-line typescript/no-explicit-any -- bounds of inferred parameters
type AnySink = ((value: any) => unknown) | SinkTarget<any>

/** Takes the handler, binds it, and returns it. Throws `USAGE`, and `ALREADY_RUNNING` while the stream runs. */
export type Binder<M, O, C> = <H extends (message: M, context: C) => Emits<O>>(handler: H) => H

/**
 * Binds one or more sources, or one through, to a handler. Takes the sources and then the options, and returns a function that takes the
 * handler. `sink`: the sinks that get every emitted value, in this order; by default none. The sources determine the type of
 * messages, and the sinks that of emitted values.
 */
export interface Snap<C> {
  <S extends AnySources, const K extends readonly AnySink[]>(
    ...args: [
      ...sources: S,
      options: SnapOptions<SourceMessageOf<S>> & {
        /** The sinks that get every emitted value, in this order, but one that `to` sends to one of them. */
        readonly sink: K
      },
    ]
  ): Binder<MessageOf<S>, InputOf<K> | To<K[number]>, C>
  <S extends AnySources>(
    ...args: [
      ...sources: S,
      options: SnapOptions<SourceMessageOf<S>> & {
        /** No sinks: emitted values are dropped. */
        readonly sink?: undefined
      },
    ]
  ): Binder<MessageOf<S>, unknown, C>
  <S extends AnySources>(...sources: S): Binder<MessageOf<S>, unknown, C>
}

/** The type by which the owner of an object writes fields that are readonly for all others. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] }
