import type { ErrorFields } from '../error.ts'
import type { Lane } from '../protocol.ts'

/** A message that failed, where it is known with its topic, partition, offset and key. */
export interface FailedMessage extends ErrorFields {
  readonly binding: string
  /** What the handler threw, a sink refused it with, or a codec said. */
  readonly error: Error
}

/** A message in flight, where it is known with its topic, partition, offset and key. */
export interface InFlight extends ErrorFields {
  /** How long it has been seen in flight, in ms: since its last try, or the last output of its generator. */
  readonly forMs: number
}

/** What happens in the life of a stream, by name; for `app.on` and for loggers. More by declaration merging. */
export interface Events {
  /** Everything is opened and reading begins. `bindings`: the names of all of them. */
  start: { readonly bindings: readonly string[] }
  /** A source was given lanes (partitions). `bindings`: those that read it. */
  assigned: { readonly bindings: readonly string[]; readonly lanes: readonly Lane[] }
  /**
   * A source begins to give lanes up, or has lost them already: then nothing of them is acknowledged any more. `paused`: it
   * only stops them for a while, or goes on elsewhere.
   */
  revoked: {
    readonly bindings: readonly string[]
    readonly lanes: readonly Lane[]
    readonly reason: 'revoked' | 'lost' | 'paused'
  }
  /**
   * Lanes move to another process, and a sink has something that came of them and stays in this one: caches, by their
   * names in `keptBy`. Whoever has the lanes next does not find it there, and what is here is out of date from now on.
   */
  moved: { readonly bindings: readonly string[]; readonly lanes: readonly Lane[]; readonly keptBy: readonly string[] }
  /** What was handled is durable and acknowledged. `lanes`: how many lanes have moved since the last one. */
  checkpoint: { readonly id: number; readonly durationMs: number; readonly lanes: number }
  /** A message failed in try number `attempt`, and is tried again after `waitMs`. */
  retry: FailedMessage & { readonly attempt: number; readonly waitMs: number }
  /** A message was given up after `attempts` tries, because `onError` said so. It counts as handled. */
  skip: FailedMessage & { readonly attempts: number }
  /** A message was given up after `attempts` tries, and written to its dead letter. It counts as handled. */
  'dead-letter': FailedMessage & { readonly attempts: number }
  /** A source or sink failed for a passing reason and tries again by itself. `bindings`: those that use it. */
  trouble: { readonly role: 'source' | 'sink'; readonly bindings: readonly string[]; readonly error: Error }
  /**
   * A binding has stood still for `stallMs`: told once, until it gets on. `waitsFor`: `handler`, a message (the oldest
   * of them are in `inFlight`) that its handler or a sink does not finish; `flush` or `commit`, a sink or source that does
   * not finish a checkpoint; `source`, a source that gives nothing though it has more.
   */
  stall: {
    readonly binding: string
    readonly waitsFor: 'handler' | 'flush' | 'commit' | 'source'
    readonly forMs: number
    readonly lag: number | undefined
    /** At most 5. */
    readonly inFlight: readonly InFlight[]
  }
  /** An iterator gave a message when its stream had ended, or one that waited for its key, which failed: nobody handles it. */
  late: { readonly bindings: readonly string[]; readonly message: unknown }
  /**
   * The end begins: a signal of the process, `context.stop()`, the `signal` that was given to `stream`, a failure, or all
   * sources have ended.
   */
  stopping: { readonly reason: 'signal' | 'stop' | 'abort' | 'failure' | 'ended'; readonly error?: Error | undefined }
  /**
   * Everything is closed. `undone`: what was not finished in `shutdownMs`, messages by binding and lane; `error`: what
   * `stream` rejects with.
   */
  stop: { readonly undone: readonly string[]; readonly error?: Error | undefined }
}

/** Tells those who listen, if there are any: only then is the event made. */
export type Emit = <K extends keyof Events>(name: K, make: () => Events[K]) => void

/** Calls a listener for each event of a name; the function it returns ends that. */
export type On = <K extends keyof Events>(name: K, listener: (event: Events[K]) => unknown) => () => void
