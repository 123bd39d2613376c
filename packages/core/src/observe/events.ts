import type { ErrorFields } from '../error.ts'
import type { Lane } from '../protocol.ts'

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
  /** Everything is open and reading begins. `bindings`: the names of all bindings. */
  start: { readonly bindings: readonly string[] }
  /** A source was assigned lanes (partitions). `bindings`: the names of those that read it. */
  assigned: { readonly bindings: readonly string[]; readonly lanes: readonly Lane[] }
  /**
   * A source begins to give lanes up. `lost`: they belong to another process already, and nothing of them is acknowledged
   * any more. `paused`: it only stops them for a while, or seeks.
   */
  revoked: {
    readonly bindings: readonly string[]
    readonly lanes: readonly Lane[]
    readonly reason: 'revoked' | 'lost' | 'paused'
  }
  /**
   * Lanes move to another process, and sinks of this process hold values that came from them: caches, by their names in
   * `keptBy`. The next owner of the lanes does not find these values, and the ones here are out of date from now on.
   */
  moved: { readonly bindings: readonly string[]; readonly lanes: readonly Lane[]; readonly keptBy: readonly string[] }
  /** All handled messages are durable and acknowledged. `lanes`: the number of lanes with progress since the last checkpoint. */
  checkpoint: { readonly id: number; readonly durationMs: number; readonly lanes: number }
  /** A message failed in attempt number `attempt` and is retried after `waitMs`. */
  retry: FailedMessage & { readonly attempt: number; readonly waitMs: number }
  /** A message was skipped after `attempts` attempts, as `onError` decided. It counts as handled. */
  skip: FailedMessage & { readonly attempts: number }
  /** A message was written to the dead letter sink after `attempts` attempts. It counts as handled. */
  'dead-letter': FailedMessage & { readonly attempts: number }
  /** A source or sink had a transient failure and is retrying. `bindings`: the names of those that use it. */
  trouble: { readonly role: 'source' | 'sink'; readonly bindings: readonly string[]; readonly error: Error }
  /**
   * A binding made no progress for `stallMs`; emitted once, until there is progress. `waitsFor`: `handler`, a message that
   * its handler or a sink does not finish (the oldest are in `inFlight`); `flush` or `commit`, a sink or source that does
   * not finish a checkpoint; `source`, a source that has more messages and gives none.
   */
  stall: {
    readonly binding: string
    readonly waitsFor: 'handler' | 'flush' | 'commit' | 'source'
    readonly forMs: number
    readonly lag: number | undefined
    /** At most 5. */
    readonly inFlight: readonly InFlight[]
  }
  /** A message of an iterator is not handled: it came after the end of the stream, or an earlier message of its key failed. */
  late: { readonly bindings: readonly string[]; readonly message: unknown }
  /**
   * The end begins: by a signal of the process, `context.stop()`, the `signal` option of `stream`, a failure, or because all
   * sources have ended.
   */
  stopping: { readonly reason: 'signal' | 'stop' | 'abort' | 'failure' | 'ended'; readonly error?: Error | undefined }
  /**
   * Everything is closed. `undone`: the work that was not finished within `shutdownMs`, messages by binding and lane;
   * `error`: the error that `stream` rejects with.
   */
  stop: { readonly undone: readonly string[]; readonly error?: Error | undefined }
}

/** Emits an event. Calls `make` only if there is a listener or a logger. */
export type Emit = <K extends keyof Events>(name: K, make: () => Events[K]) => void

/** Calls a listener for each event of a name. The returned function removes the listener. */
export type On = <K extends keyof Events>(name: K, listener: (event: Events[K]) => unknown) => () => void
