import type { Batch, Headers, Origin } from '../protocol.ts'

/** A message that is about to be handled. Its fields are valid only during the call: one object is used for many messages. */
export interface ProbedMessage extends Origin {
  /** The message before decoding, if the source keeps it. */
  readonly raw: object | undefined
}

/** Follows one message through its handler and sinks. Its functions must not throw. */
export interface Trace {
  /** The headers that the message hands on to the records that are made of it; see `Origin.carried`. */
  readonly headers: Headers
  /** Handles the message, all attempts included, and returns what `handle` returns. Default: it is handled as always. */
  run?<T>(handle: () => T): T
  /** An attempt has failed. `attempt`: its number, from 1. */
  failed?(error: Error, attempt: number): void
}

/**
 * Sees messages and batches, for traces and durations. The engine asks for it when a stream begins, and an app without one
 * pays nothing for it. Its functions must not throw. `binding`: the name of the binding that handles.
 */
export interface Probe {
  /** Called before each message is handled. Returns undefined for a message that is not followed. */
  trace?(message: ProbedMessage, binding: string): Trace | undefined
  /** A binding has handled all messages of a batch. `durationMs`: since it took up the first one. */
  batch?(batch: Batch<unknown>, binding: string, durationMs: number): void
}

type Handle<M> = (message: M, error?: Error) => PromiseLike<unknown> | undefined

/** The probes of an app as the engine sees them: `addProbe` makes it, so that apps without probes do not have its code. */
export interface EngineProbe {
  /** Wraps the step of a binding. Undefined: the step stays as it is. */
  follow?<M extends ProbedMessage & { follow(trace: Trace | undefined): void }>(
    step: Handle<M>,
    binding: string,
  ): Handle<M> | undefined
  /** A batch begins. Returns what to call when it is handled. */
  begin?(batch: Batch<unknown>, binding: string): (() => void) | undefined
}
