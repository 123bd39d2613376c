import type { ErrorFields } from '../error.ts'
import type { Lane, Lateness, RestoreProgress } from '../protocol.ts'

/** A message that failed; with its topic, partition, offset and key if they are known. */
export interface FailedMessage extends ErrorFields {
  /** The name of the binding. */
  readonly binding: string
  /** The error of the handler, the sink or the codec. */
  readonly error: Error
}

/** A message in flight; with its topic, partition, offset and key if they are known. */
export interface InFlight extends ErrorFields {
  /** How long it has been in flight, in ms: since its last attempt, or the last output of its generator. */
  readonly forMs: number
}

/** The events of a stream by name, for `app.on` and loggers. Add your own by declaration merging. */
export interface Events {
  /** Everything is open and reading begins. */
  start: {
    /** The names of all bindings. */
    readonly bindings: readonly string[]
  }
  /** A source was assigned lanes (partitions). */
  assigned: {
    /** The names of the bindings that read the source. */
    readonly bindings: readonly string[]
    /** The new lanes. */
    readonly lanes: readonly Lane[]
  }
  /** A source begins to give up lanes. */
  revoked: {
    /** The names of the bindings that read the source. */
    readonly bindings: readonly string[]
    /** The lanes that it gives up. */
    readonly lanes: readonly Lane[]
    /**
     * `'revoked'`: another process gets the lanes after their last checkpoint. `'lost'`: they already belong to another
     * process, and none of their messages is acknowledged any more. `'paused'`: the source pauses or seeks, and keeps them.
     */
    readonly reason: 'revoked' | 'lost' | 'paused'
  }
  /**
   * Lanes move to another process, and caches of this process hold values that came from them. The next owner of the lanes
   * does not find these values, and the ones here are out of date from now on.
   */
  moved: {
    /** The names of the bindings that read the source. */
    readonly bindings: readonly string[]
    /** The lanes that move. */
    readonly lanes: readonly Lane[]
    /** The names of the caches, and of other sinks that hold such values. */
    readonly keptBy: readonly string[]
  }
  /** A part of a store is being restored: at the start, at most once a second, and at the end. */
  restore: RestoreProgress & {
    /** The names of the bindings that use the store. */
    readonly bindings: readonly string[]
  }
  /** All handled messages are durable and acknowledged. */
  checkpoint: {
    /** The number of the checkpoint; it grows within a run. */
    readonly id: number
    /** The time that it took, in ms. */
    readonly durationMs: number
    /** The number of lanes with progress since the last checkpoint. */
    readonly lanes: number
  }
  /** A transaction was aborted: nothing of it is kept. Its messages are handled again, unless the stream ends. */
  abort: {
    /** The names of the bindings that write in it. */
    readonly bindings: readonly string[]
    /** The reason. */
    readonly error: Error
    /** The lanes of its messages. */
    readonly lanes: readonly Lane[]
  }
  /** A message failed and is retried. */
  retry: FailedMessage & {
    /** The number of the failed attempt, from 1. */
    readonly attempt: number
    /** The time until the next attempt, in ms. */
    readonly waitMs: number
  }
  /** A message was skipped, as `onError` decided. It counts as handled. */
  skip: FailedMessage & {
    /** The number of attempts that failed. */
    readonly attempts: number
  }
  /** A message was written to the dead letter sink. It counts as handled. */
  'dead-letter': FailedMessage & {
    /** The number of attempts that failed. */
    readonly attempts: number
  }
  /** A source or sink had a transient failure and is retrying. */
  trouble: {
    /** Whether a source or a sink failed. */
    readonly role: 'source' | 'sink'
    /** The names of the bindings that use it. */
    readonly bindings: readonly string[]
    /** The failure. */
    readonly error: Error
  }
  /** A binding made no progress for `stallMs`. Emitted again only after there was progress. */
  stall: {
    /** The name of the binding. */
    readonly binding: string
    /**
     * `'handler'`: a message that its handler or a sink does not finish. `'flush'` or `'commit'`: a sink or source that does
     * not finish a checkpoint. `'restore'`: a store whose restore stands still. `'source'`: a source that has more messages and
     * delivers none.
     */
    readonly waitsFor: 'handler' | 'flush' | 'commit' | 'restore' | 'source'
    /** The time without progress, in ms. */
    readonly forMs: number
    /** The number of messages that the binding still has to handle; undefined if it is not known. */
    readonly lag: number | undefined
    /** The oldest messages in flight, at most 5. */
    readonly inFlight: readonly InFlight[]
  }
  /** A message was older than the event time allows, and an operator has passed it over. A logger gets at most one a second. */
  late: Lateness & {
    /** The names of the bindings. */
    readonly bindings: readonly string[]
    /** The message. */
    readonly message: unknown
  }
  /** A message of an iterator is not handled: it came after the end of the stream, or an earlier message of its key failed. */
  unhandled: {
    /** The names of the bindings that read the iterator. */
    readonly bindings: readonly string[]
    /** The message. */
    readonly message: unknown
  }
  /** The end begins. */
  stopping: {
    /**
     * `'signal'`: a signal of the process. `'stop'`: `context.stop()`. `'abort'`: the `signal` option of `stream`.
     * `'failure'`: an error. `'ended'`: all sources have ended.
     */
    readonly reason: 'signal' | 'stop' | 'abort' | 'failure' | 'ended'
    /** The error, for the reason `'failure'`. */
    readonly error?: Error | undefined
  }
  /** Everything is closed. */
  stop: {
    /** The work that was not finished within `shutdownMs`: messages, by binding and lane. */
    readonly undone: readonly string[]
    /** The error that `stream` rejects with; undefined if it resolves. */
    readonly error?: Error | undefined
  }
}

/** Emits an event. Calls `make` only if there is a listener or a logger. */
export type Emit = <K extends keyof Events>(name: K, make: () => Events[K]) => void

/** Calls a listener for each event of a name. The returned function removes the listener. */
export type On = <K extends keyof Events>(name: K, listener: (event: Events[K]) => unknown) => () => void
