import type { Binding } from './binding.ts'
import type { Cursor } from './cursor.ts'
import { SnapstreamError, describe, toError } from './error.ts'
import type { ErrorFields } from './error.ts'
import { HALTED } from './lane.ts'
import type { Pace } from './pace.ts'
import { isThenable } from './promises.ts'
import type { Failure, SinkWriter } from './protocol.ts'
import type { Context } from './types.ts'

/** What is wrong with one message, by where it showed. */
type Failed = 'HANDLER_FAILED' | 'SINK_REFUSED' | 'DECODE_FAILED'

/** Answers without a promise when everything was done without one; true: the message was skipped or dead-lettered. */
type Outcome = Promise<boolean> | undefined

/** Handles single messages for one binding: handler, then sinks in order, with `onError` around each. */
export interface Step {
  /** Handles the message under the cursor. Rejects with what stops the stream, or with HALTED. */
  handle(message: unknown, cursor: Cursor): Outcome
  /** The message could not be made (it did not decode): straight to `onError`. */
  refuse(error: Error, message: unknown, cursor: Cursor): Outcome
  /** Whether anything was handled or written since this was last asked. */
  takeTouched(): boolean
}

/** A sink in a run: a writer, which for a plain function carries the function itself. */
export interface Output extends SinkWriter<unknown> {
  readonly call?: (value: unknown) => unknown
}

export interface StepOptions {
  readonly binding: Binding
  readonly outputs: readonly Output[]
  readonly deadLetter: SinkWriter<unknown> | undefined
  readonly context: Context
  readonly pace: Pace
}

export function createStep({ binding, outputs, deadLetter, context, pace }: StepOptions): Step {
  const { handler, policy, name } = binding
  const count = outputs.length
  // One plain function is the common case, and calling it directly is a third of the cost of a message.
  const only = count === 1 && outputs[0]?.call
  let touched = false

  function handle(message: unknown, cursor: Cursor, attempt = 1): Outcome {
    touched = true
    let emitted: unknown
    try {
      emitted = handler(message, context)
    } catch (thrown) {
      return handlerFailed(thrown, message, cursor, attempt)
    }
    if (emitted === undefined) return undefined
    if (typeof emitted === 'object' && emitted !== null) {
      if (isThenable(emitted)) return settle(emitted, message, cursor, attempt)
      if (isIterator(emitted)) return drain(emitted, message, cursor, attempt)
    }
    if (!only) return emit(emitted, message, cursor, 0, 1)
    let pending: unknown
    try {
      pending = only(emitted)
    } catch (thrown) {
      return sinkRefused(thrown, emitted, message, cursor, 0, 1)
    }
    return isThenable(pending) ? emitSlowly(pending, emitted, message, cursor, 0, 1) : undefined
  }

  async function settle(pending: PromiseLike<unknown>, message: unknown, cursor: Cursor, attempt: number) {
    let emitted: unknown
    try {
      emitted = await pending
    } catch (thrown) {
      return handlerFailed(thrown, message, cursor, attempt)
    }
    touched = true
    if (emitted === undefined) return false
    // An async function may answer with a generator as well.
    const outcome = isIterator(emitted)
      ? drain(emitted, message, cursor, attempt)
      : emit(emitted, message, cursor, 0, 1)
    return outcome === undefined ? false : outcome
  }

  function drain(iterator: AnyIterator, message: unknown, cursor: Cursor, attempt: number): Outcome {
    for (;;) {
      let result: IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>
      try {
        result = iterator.next()
      } catch (thrown) {
        return handlerFailed(thrown, message, cursor, attempt)
      }
      if (isThenable(result)) return drainSlowly(iterator, result, undefined, message, cursor, attempt)
      if (result.done) return undefined
      if (result.value !== undefined) {
        const outcome = emit(result.value, message, cursor, 0, 1)
        if (outcome !== undefined) return drainSlowly(iterator, undefined, outcome, message, cursor, attempt)
      }
      if (pace.spent()) return drainSlowly(iterator, undefined, pace.rest(), message, cursor, attempt)
    }
  }

  async function drainSlowly(
    iterator: AnyIterator,
    next: PromiseLike<IteratorResult<unknown>> | undefined,
    outcome: Outcome | Promise<void>,
    message: unknown,
    cursor: Cursor,
    attempt: number,
  ): Promise<boolean> {
    let ended = false
    try {
      for (let pending = next; ; pending = undefined) {
        if (outcome !== undefined && (await outcome)) return true
        touched = true
        if (context.signal.aborted) throw HALTED
        if (pace.spent()) await pace.rest()
        let result: IteratorResult<unknown>
        try {
          const answer = pending ?? iterator.next()
          result = isThenable(answer) ? await answer : answer
        } catch (thrown) {
          ended = true
          return await handlerFailed(thrown, message, cursor, attempt)
        }
        if (result.done) {
          ended = true
          return false
        }
        outcome = result.value === undefined ? undefined : emit(result.value, message, cursor, 0, 1)
      }
    } finally {
      // A generator that is left early runs its own `finally`.
      if (!ended) await iterator.return?.()
    }
  }

  function emit(value: unknown, message: unknown, cursor: Cursor, from: number, attempt: number): Outcome {
    for (let i = from; i < count; i++) {
      try {
        const pending = (outputs[i] as Output).write(value, cursor)
        if (isThenable(pending)) return emitSlowly(pending, value, message, cursor, i, i === from ? attempt : 1)
      } catch (thrown) {
        return sinkRefused(thrown, value, message, cursor, i, i === from ? attempt : 1)
      }
    }
    return undefined
  }

  async function emitSlowly(
    pending: PromiseLike<unknown>,
    value: unknown,
    message: unknown,
    cursor: Cursor,
    i: number,
    attempt: number,
  ): Promise<boolean> {
    try {
      await pending
    } catch (thrown) {
      return sinkRefused(thrown, value, message, cursor, i, attempt)
    }
    touched = true
    return emit(value, message, cursor, i + 1, 1) ?? false
  }

  const handlerFailed = (thrown: unknown, message: unknown, cursor: Cursor, attempt: number) =>
    failed('HANDLER_FAILED', thrown, message, cursor, attempt, () => handle(message, cursor, attempt + 1))

  const sinkRefused = (thrown: unknown, value: unknown, message: unknown, cursor: Cursor, i: number, attempt: number) =>
    failed('SINK_REFUSED', thrown, message, cursor, attempt, () => emit(value, message, cursor, i, attempt + 1))

  async function failed(
    code: Failed,
    thrown: unknown,
    message: unknown,
    cursor: Cursor,
    attempt: number,
    redo?: () => Outcome,
  ): Promise<boolean> {
    const error = toError(thrown)
    // The time for a graceful end is over: what failed because of that is not the message's fault.
    if (context.signal.aborted) throw HALTED
    let verdict
    try {
      verdict = await policy.decide(error, message, attempt, redo !== undefined)
    } catch (cause) {
      throw located('HANDLER_FAILED', toError(cause), cursor, 'onError of ')
    }
    if (verdict === 'skip') return true
    if (verdict === 'stop') throw located(code, error, cursor)
    if (verdict === 'bury') {
      await bury(error, message, cursor, attempt)
      return true
    }
    await cursor.run.sleep(policy.backoffMs(attempt))
    return redo ? (redo() ?? false) : failed(code, error, message, cursor, attempt + 1)
  }

  async function bury(error: Error, message: unknown, cursor: Cursor, attempts: number): Promise<void> {
    const { raw } = cursor
    const failure: Failure = { message, error, attempts, binding: name, ...(raw && { raw }) }
    touched = true
    try {
      if (deadLetter?.writeFailure) await deadLetter.writeFailure(failure, cursor)
      else await deadLetter?.write(failure, cursor)
    } catch (cause) {
      throw located('SINK_FAILED', toError(cause), cursor, 'the dead letter of ')
    }
  }

  function located(code: Failed | 'SINK_FAILED', error: Error, cursor: Cursor, what = ''): SnapstreamError {
    const fields: ErrorFields = { binding: name, ...placeOf(cursor.raw) }
    const at = fields.topic === undefined ? '' : ` at ${fields.topic}/${fields.partition} offset ${fields.offset}`
    return new SnapstreamError(
      SnapstreamError.is(error) ? error.code : code,
      `${what}${name}${at} failed: ${error.message || describe(error)}`,
      { cause: error, ...fields },
    )
  }

  return {
    handle,
    refuse: (error, message, cursor) => failed('DECODE_FAILED', error, message, cursor, 1),
    takeTouched() {
      const was = touched
      touched = false
      return was
    },
  }
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

function isIterator(value: unknown): value is AnyIterator {
  return typeof value === 'object' && value !== null && 'next' in value && typeof value.next === 'function'
}

function placeOf(raw: object | undefined): ErrorFields {
  if (raw === undefined) return {}
  const { topic, partition, offset, key } = raw as ErrorFields
  return {
    ...(topic !== undefined && { topic }),
    ...(partition !== undefined && { partition }),
    ...(offset !== undefined && { offset }),
    ...(key !== undefined && { key }),
  }
}
