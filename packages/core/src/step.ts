import type { Binding } from './binding.ts'
import type { Cursor } from './cursor.ts'
import { SnapstreamError, describe, toError } from './error.ts'
import type { ErrorCode, ErrorFields } from './error.ts'
import { HALTED } from './lane.ts'
import type { Pace } from './pace.ts'
import { isThenable } from './promises.ts'
import type { Failure, SinkWriter } from './protocol.ts'
import type { Context } from './types.ts'

/** Answers without a promise when everything was done without one; true: the message was skipped or dead-lettered. */
export type Outcome = Promise<boolean> | undefined

/** Handles single messages for one binding: handler, then sinks in order, with `onError` around each. */
export interface Step {
  /** Handles the message under the cursor. Rejects with what stops the stream, or with HALTED. */
  handle(cursor: Cursor): Outcome
  /** The message could not be made (it did not decode): straight to `onError`. */
  refuse(error: Error, cursor: Cursor): Outcome
}

/** A sink in a run: a writer, which for a plain function carries the function itself. */
export interface Output extends SinkWriter<unknown> {
  readonly call?: (value: unknown) => unknown
}

export interface StepOptions {
  readonly binding: Binding
  readonly outputs: readonly Output[]
  readonly deadLetter: Output | undefined
  readonly context: Context
  readonly pace: Pace
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

export function createStep({ binding, outputs, deadLetter, context, pace }: StepOptions): Step {
  const { handler, policy, name } = binding
  // One plain function is the common case, and calling it directly is a third of the cost of a message.
  const only = outputs.length === 1 && outputs[0]?.call

  function handle(cursor: Cursor, attempt = 1): Outcome {
    let emitted: unknown
    try {
      emitted = handler(cursor.message, context)
    } catch (thrown) {
      return handlerFailed(thrown, cursor, attempt)
    }
    if (emitted === undefined) return undefined
    if (typeof emitted === 'object' && emitted !== null) {
      if (isThenable(emitted)) return settle(emitted, cursor, attempt)
      if (isIterator(emitted)) return drain(emitted, cursor, attempt)
    }
    if (!only) return emit(emitted, cursor)
    try {
      const pending = only(emitted)
      return isThenable(pending) ? emitSlowly(pending, emitted, cursor, 0, 1) : undefined
    } catch (thrown) {
      return sinkRefused(thrown, emitted, cursor, 0, 1)
    }
  }

  async function settle(pending: PromiseLike<unknown>, cursor: Cursor, attempt: number): Promise<boolean> {
    let emitted: unknown
    try {
      emitted = await pending
    } catch (thrown) {
      return handlerFailed(thrown, cursor, attempt)
    }
    if (emitted === undefined) return false
    // An async function may answer with a generator as well.
    return (isIterator(emitted) ? drain(emitted, cursor, attempt) : emit(emitted, cursor)) ?? false
  }

  function drain(iterator: AnyIterator, cursor: Cursor, attempt: number): Outcome {
    for (;;) {
      let pending: PromiseLike<unknown> | undefined
      try {
        const result = iterator.next()
        if (isThenable(result)) return drainSlowly(iterator, result, undefined, cursor, attempt)
        if (result.done) return undefined
        if (result.value !== undefined) pending = emit(result.value, cursor)
      } catch (thrown) {
        return handlerFailed(thrown, cursor, attempt)
      }
      if (pending === undefined && pace.spent()) pending = pace.rest()
      if (pending !== undefined) return drainSlowly(iterator, undefined, pending, cursor, attempt)
    }
  }

  async function drainSlowly(
    iterator: AnyIterator,
    next: PromiseLike<IteratorResult<unknown>> | undefined,
    pending: PromiseLike<unknown> | undefined,
    cursor: Cursor,
    attempt: number,
  ): Promise<boolean> {
    let ended = false
    try {
      for (;;) {
        if (pending !== undefined && (await pending)) return true
        if (context.signal.aborted) throw HALTED
        let result: IteratorResult<unknown>
        try {
          const answer = next ?? iterator.next()
          next = undefined
          result = isThenable(answer) ? await answer : answer
          ended = !!result.done
        } catch (thrown) {
          ended = true
          return await handlerFailed(thrown, cursor, attempt)
        }
        if (ended) return false
        pending = result.value === undefined ? undefined : emit(result.value, cursor)
        if (pending === undefined && pace.spent()) pending = pace.rest()
      }
    } finally {
      // A generator that is left early runs its own `finally`.
      if (!ended) await iterator.return?.()
    }
  }

  /** Writes to the sinks in turn, starting with number `from`, which is tried for the `attempt`th time. */
  function emit(value: unknown, cursor: Cursor, from = 0, attempt = 1): Outcome {
    for (let i = from; i < outputs.length; i++, attempt = 1) {
      try {
        const pending = (outputs[i] as Output).write(value, cursor)
        if (isThenable(pending)) return emitSlowly(pending, value, cursor, i, attempt)
      } catch (thrown) {
        return sinkRefused(thrown, value, cursor, i, attempt)
      }
    }
    return undefined
  }

  async function emitSlowly(pending: PromiseLike<unknown>, value: unknown, cursor: Cursor, i: number, attempt: number) {
    try {
      await pending
    } catch (thrown) {
      return sinkRefused(thrown, value, cursor, i, attempt)
    }
    return emit(value, cursor, i + 1) ?? false
  }

  const handlerFailed = (thrown: unknown, cursor: Cursor, attempt: number) =>
    failed('HANDLER_FAILED', thrown, cursor, attempt, () => handle(cursor, attempt + 1))

  const sinkRefused = (thrown: unknown, value: unknown, cursor: Cursor, i: number, attempt: number) =>
    failed('SINK_REFUSED', thrown, cursor, attempt, () => emit(value, cursor, i, attempt + 1))

  async function failed(
    code: ErrorCode,
    thrown: unknown,
    cursor: Cursor,
    attempt: number,
    redo?: () => Outcome,
  ): Promise<boolean> {
    const { message, raw } = cursor
    // The time for a graceful end is over: what failed because of that is not the message's fault.
    if (context.signal.aborted) throw HALTED
    const error = toError(thrown)
    let verdict: string
    try {
      verdict = await policy.decide(error, message, attempt, redo !== undefined)
    } catch (cause) {
      throw located(code, cause, cursor, 'onError of ')
    }
    if (verdict === 'skip') return true
    if (verdict === 'retry') {
      await cursor.run.sleep(policy.backoffMs(attempt))
      return redo ? (redo() ?? false) : failed(code, error, cursor, attempt + 1)
    }
    if (verdict !== 'bury') throw located(code, error, cursor)
    const failure: Failure = { message, error, attempts: attempt, binding: name, ...(raw && { raw }) }
    try {
      if (deadLetter?.writeFailure) await deadLetter.writeFailure(failure, cursor)
      else await deadLetter?.write(failure, cursor)
    } catch (cause) {
      throw located('SINK_FAILED', cause, cursor, 'the dead letter of ')
    }
    return true
  }

  function located(code: ErrorCode, thrown: unknown, { raw }: Cursor, what = ''): SnapstreamError {
    const cause = toError(thrown)
    const { topic, partition, offset, key } = (raw ?? {}) as ErrorFields
    const place = topic === undefined ? {} : { topic, partition, offset, key }
    const at = topic === undefined ? '' : ` at ${topic}/${partition} offset ${offset}`
    const message = `${what}${name}${at} failed: ${cause.message || describe(cause)}`
    const fields = { cause, binding: name, ...(place as ErrorFields) }
    return new SnapstreamError(SnapstreamError.is(cause) ? cause.code : code, message, fields)
  }

  return { handle, refuse: (error, cursor) => failed('DECODE_FAILED', error, cursor, 1) }
}

function isIterator(value: unknown): value is AnyIterator {
  return typeof value === 'object' && value !== null && typeof (value as AnyIterator).next === 'function'
}
