import type { Logger } from './observe/logger.ts'
import type { BatchSource, Failure, MaybePromise, Resource, SinkTarget } from './protocol.ts'

/** Anything that can be read: an iterable, an async iterable, a topic, a cache. A string is not one. */
export type Source<T> = (Iterable<T> & object) | AsyncIterable<T> | BatchSource<T>

/** Anything that takes values: a function (a promise it returns is awaited), a topic, a cache. */
export type Sink<T> = ((value: T) => unknown) | SinkTarget<T>

/**
 * What every handler gets beside the message: what `stream` was given, and these. Add your own fields by declaration
 * merging, or per app with `createApp<MyContext>()`.
 */
export interface Context {
  /** Aborted when the time for a graceful end (`shutdownMs`) is over. Pass it to whatever may hang. */
  readonly signal: AbortSignal
  /** Ends the stream gracefully: what is in flight is finished and checkpointed. Needs no `this`. */
  readonly stop: () => void
}

/** A value, nothing, a promise, or an iterator (a sync or async generator) of values. Arrays and strings are values. */
export type Emits<O> =
  | MaybePromise<O | void | undefined>
  | Iterator<O | undefined, void>
  | AsyncIterator<O | undefined, void>

export type ErrorVerdict = 'retry' | 'skip' | 'stop'

/** What to do with a message that failed: it did not decode, the handler threw, or a sink refused a value. */
export type OnError<M> =
  | 'stop'
  | 'skip'
  | ((error: Error, message: M, attempt: number) => MaybePromise<ErrorVerdict>)
  | {
      /** How often to try again before the dead letter, or the end. @default 0 */
      readonly retries?: number
      /**
       * The wait before the first retry in ms; it doubles each time, up to 30 s. Of each wait a random half to all is
       * taken, so that messages that failed together do not come again together. @default 100
       */
      readonly backoffMs?: number
      /** Where failed messages go once the retries are used up. Without it the stream stops. */
      // oxlint-disable-next-line typescript/no-explicit-any -- a target says itself how it stores a failure
      readonly deadLetter?: ((failure: Failure<M>) => unknown) | SinkTarget<any>
    }

export interface SnapOptions<M> {
  /** For errors and logs. @default the handler's name */
  readonly name?: string
  /** Topics and caches the handler touches itself: opened, flushed at checkpoints and closed with the binding. */
  readonly use?: readonly Resource[]
  /**
   * How many keys of one lane to handle at once; in order within a key. Needs a `key`, which topic records have.
   * @default 1
   */
  readonly concurrency?: number
  /** A message's key: string, number, bigint, boolean, null or bytes. @default the source's own */
  readonly key?: (message: M) => unknown
  /** A message's event time in ms since the epoch. @default the source's own */
  readonly timestamp?: (message: M) => number
  /** @default 'stop' */
  readonly onError?: OnError<M>
  /** Set to true where the binding feeds itself on purpose and the handler brings that to an end. @default false */
  readonly cycle?: boolean
  /**
   * How long the handler and the sinks may take for one message, in ms, at least 1; longer than that the stream fails with
   * `PROCESSING_TIMEOUT`. It is noticed up to a fourth of it later. Each try has its own time, and so has each output of a
   * generator; waiting for a retry does not count. @default none
   */
  readonly maxProcessingMs?: number
}

export interface StreamOptions {
  /** Aborting it ends the stream gracefully. */
  readonly signal?: AbortSignal
  /** How often what was handled is made durable and acknowledged, in ms. @default 1000 */
  readonly checkpointMs?: number
  /** How long a graceful end may take, in ms. @default 25000 */
  readonly shutdownMs?: number
  /**
   * How long a binding may stand still, in ms, at least 1: a message that is not finished (longer than the slowest takes),
   * a flush or commit that does not end, a source that has more and gives nothing. Then there is an event `stall`, and
   * `app.health()` is not live until it gets on. Infinity: for ever. @default 60000
   */
  readonly stallMs?: number
  /** Ends the process with exit code 75 (EX_TEMPFAIL) at the first `stall`. @default false */
  readonly exitOnStall?: boolean
  /**
   * How many messages each source may be behind, at most, when `app.health()` becomes ready: a whole number. Once it is, a
   * lag that grows again does not change that. Infinity: it does not wait for the lag. @default Infinity
   */
  readonly readyLag?: number
  /** Where every event is written to as a line: `console`, or what has its four functions. @default none */
  readonly logger?: Logger
}

// A sink's `any` (console.log takes any) must not switch off the checks of the other sinks.
type NotAny<T> = 0 extends 1 & T ? unknown : T
export type SinkInput<S> =
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever else the function takes
  S extends SinkTarget<infer T> ? T : S extends (value: infer T, ...rest: any[]) => unknown ? NotAny<T> : never
type Intersect<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never
type InputOf<K extends readonly unknown[]> = K extends readonly []
  ? unknown
  : Intersect<{ [I in keyof K]: { v: SinkInput<K[I]> } }[number]> extends { v: infer V }
    ? V
    : never
type MessageOf<S extends readonly unknown[]> = S[number] extends infer U
  ? U extends BatchSource<infer T>
    ? T
    : U extends AsyncIterable<infer T>
      ? T
      : U extends Iterable<infer T>
        ? T
        : never
  : never

// oxlint-disable-next-line typescript/no-explicit-any -- bounds of inferred parameters
type AnySource = Source<any>
// oxlint-disable-next-line typescript/no-explicit-any -- bounds of inferred parameters
type AnySink = ((value: any) => unknown) | SinkTarget<any>

/** Takes the handler, binds it, and returns it. */
export type Binder<M, O, C> = <H extends (message: M, context: C) => Emits<O>>(handler: H) => H

/** Binds sources to a handler and its sinks. The message type comes from the sources, the sinks check what is emitted. */
export interface Snap<C> {
  <S extends readonly [AnySource, ...AnySource[]], const K extends readonly AnySink[]>(
    ...args: [...sources: S, options: SnapOptions<MessageOf<S>> & { readonly sink: K }]
  ): Binder<MessageOf<S>, InputOf<K>, C>
  <S extends readonly [AnySource, ...AnySource[]]>(
    ...args: [...sources: S, options: SnapOptions<MessageOf<S>> & { readonly sink?: undefined }]
  ): Binder<MessageOf<S>, unknown, C>
  <S extends readonly [AnySource, ...AnySource[]]>(...sources: S): Binder<MessageOf<S>, unknown, C>
}

/** For the functions that own an object: what everything else only reads. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] }
