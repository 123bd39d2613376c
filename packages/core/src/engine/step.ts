import { backoff } from '../adapter/backoff.ts'
import { count, note } from '../observe/tally.ts'
import type { Cursor, Refused } from './cursor.ts'
import { toError } from '../describe.ts'
import { SnapstreamError, failure, placeIn, placeOf } from '../error.ts'
import type { ErrorCode, ErrorFields } from '../error.ts'
import { createFunctionSink } from './sink.ts'
import type { Output } from './sink.ts'
import { joinStates } from './join-states.ts'
import { HALTED } from './lane.ts'
import type { LaneRun, Load } from './lane.ts'
import { isThenable } from '../adapter/promise.ts'
import { isIterator } from './iterable-source.ts'
import type { AnyIterator } from './iterable-source.ts'
import type { Failure } from '../protocol.ts'
import type { To } from '../types.ts'
import type { Runtime } from './runtime.ts'

/** Undefined if the message was finished without a promise; else a promise, of true if it was skipped or dead-lettered. */
export type Outcome = PromiseLike<unknown> | undefined

/**
 * Handles the message under the cursor for one binding: handler, then sinks in order, with `onError` around each.
 * `error`: the error of decoding the message or its key, which goes straight to `onError`. Rejects with the error that stops
 * the stream, or with HALTED.
 */
export interface Step {
  (cursor: Cursor, error?: Error): Outcome
  /** Undefined if `onError` is 'stop'. */
  readonly refused?: Refused
}

export function createStep(
  { host, pace, context, emit: tell, fail, refusals, writers, probe }: Runtime,
  lane: LaneRun,
  load: Load,
): Step {
  const { tally } = load
  const { handler, policy, name, sink } = tally.binding
  const outputs: Output[] = (sink.length > 0 ? sink : [() => {}]).map(
    (target) => writers.get(target) ?? createFunctionSink(target),
  )
  // One plain function is the common case, and calling it directly is a third of the cost of a message.
  const only = outputs.length === 1 ? outputs[0]?.call : undefined
  const bound = tally.binding.targets.map((target) => writers.get(target))
  const encloser = bound.find((writer) => writer?.undo)
  const state = joinStates(bound)
  const deadLetter = writers.get(policy.deadLetter) ?? createFunctionSink(policy.deadLetter)

  const enclosed: typeof handle = encloser?.enclose
    ? (cursor, error, attempt) => encloser.enclose!(() => handle(cursor, error, attempt), cursor)
    : handle
  /** One attempt. */
  const step: typeof handle = state
    ? (cursor, error, attempt) => {
        if (!error) state.begin(cursor)
        return enclosed(cursor, error, attempt)
      }
    : enclosed

  function handle(cursor: Cursor, error?: Error, attempt = 1): Outcome {
    if (error) return refuse(error, cursor, attempt)
    let emitted: unknown
    try {
      emitted = handler(cursor.message, context)
    } catch (thrown) {
      return handlerFailed(thrown, cursor, attempt)
    }
    if (emitted === undefined) return undefined
    if (only === undefined || typeof emitted === 'object' || typeof emitted === 'function')
      return take(emitted, cursor, attempt)
    try {
      const pending = only(emitted)
      return isThenable(pending) ? written(pending, emitted, cursor, 0, 1) : undefined
    } catch (thrown) {
      return sinkRefused(thrown, emitted, cursor, 0, 1)
    }
  }

  /** Takes the result of a handler: a value, a promise or an iterator. */
  function take(emitted: unknown, cursor: Cursor, attempt: number): Outcome {
    try {
      if (isThenable(emitted)) return settle(emitted, cursor, attempt)
      if (isIterator(emitted)) return drive(drain(emitted, cursor, attempt), cursor)
    } catch (thrown) {
      // Its `then` or `next` has a getter that throws.
      return handlerFailed(thrown, cursor, attempt)
    }
    return emit(emitted, cursor)
  }

  async function settle(pending: PromiseLike<unknown>, cursor: Cursor, attempt: number): Promise<unknown> {
    let emitted: unknown
    try {
      emitted = await pending
    } catch (thrown) {
      return handlerFailed(thrown, cursor, attempt)
    }
    // An async function may return a generator.
    return take(emitted, cursor, attempt)
  }

  /** Writes the outputs of an iterator as they come. Yields each promise that has to be awaited. */
  function* drain(iterator: AnyIterator, cursor: Cursor, attempt: number): Waits {
    let ended = false
    try {
      for (;;) {
        let result: IteratorResult<unknown>
        let waited: boolean
        try {
          const answer = iterator.next()
          waited = isThenable(answer)
          result = (waited ? yield answer : answer) as typeof result
          ended = !!result.done
        } catch (thrown) {
          ended = true
          return yield handlerFailed(thrown, cursor, attempt)
        }
        if (ended) return
        const pending = emit(result.value, cursor) ?? (pace.spent() && pace.rest())
        if (pending && (yield pending)) return true
        if ((pending || waited) && context.signal.aborted) giveUp(cursor)
      }
    } finally {
      // A generator that is left early runs its own `finally`.
      if (!ended)
        try {
          yield iterator.return?.()
        } catch (thrown) {
          lane.fail(located('HANDLER_FAILED', thrown, aboutOf(cursor), 'closing '))
        }
    }
  }

  /** Writes to the sinks in turn, starting with number `from`, which is tried for the `attempt`th time. */
  function emit(value: unknown, cursor: Cursor, from = 0, attempt = 1): Outcome {
    if (value === undefined) return undefined
    for (let i = from; i < outputs.length; i++, attempt = 1) {
      try {
        const pending =
          typeof value === 'function' ? write(i, value, cursor) : (outputs[i] as Output).write(value, cursor)
        if (isThenable(pending)) return written(pending, value, cursor, i, attempt)
      } catch (thrown) {
        return sinkRefused(thrown, value, cursor, i, attempt)
      }
    }
    return undefined
  }

  /** Writes a function to sink number `i`, unless it is a value for another sink. */
  function write(i: number, value: object, cursor: Cursor): unknown {
    const output = outputs[i] as Output
    if (!('~snapstream.to' in value)) return output.write(value, cursor)
    return (value as To<unknown>)(sink, name) === i ? output.write(value['~snapstream.to'], cursor) : undefined
  }

  async function written(pending: PromiseLike<unknown>, value: unknown, cursor: Cursor, i: number, attempt: number) {
    try {
      await pending
    } catch (thrown) {
      return sinkRefused(thrown, value, cursor, i, attempt)
    }
    return emit(value, cursor, i + 1)
  }

  const refuse = (error: Error, cursor: Cursor, attempt: number) =>
    failed('DECODE_FAILED', error, cursor, attempt, () => handle(cursor, error, attempt + 1))

  const handlerFailed = (thrown: unknown, cursor: Cursor, attempt: number) => {
    encloser?.undo?.(cursor)
    state?.undo(cursor)
    return failed('HANDLER_FAILED', thrown, cursor, attempt, () => step(cursor, undefined, attempt + 1))
  }

  const sinkRefused = (thrown: unknown, value: unknown, cursor: Cursor, i: number, attempt: number) =>
    failed('SINK_REFUSED', thrown, cursor, attempt, () => emit(value, cursor, i, attempt + 1), `sink ${i + 1} of `)

  const refused: Refused = (kept, error, again) => {
    lane.cursors.add(kept)
    const verdict = failed('SINK_REFUSED', error, kept, kept.refusals, async () => again())
    const pending = verdict.catch((thrown) => {
      // The message of a torn lane that feeds a transaction is handled again.
      if (thrown !== HALTED || !lane.transaction || !lane.torn) throw thrown
    })
    refusals.set(kept, pending)
    void pending
      .catch((thrown: unknown) =>
        fail(
          thrown === HALTED
            ? new SnapstreamError(
                'SHUTDOWN_TIMEOUT',
                `not done within shutdownMs: a refused value of ${name}; raise shutdownMs`,
              )
            : thrown,
        ),
      )
      .then(() => lane.cursors.delete(kept))
    // Without a verdict, the sink must not commit the message.
    const carriedOut = verdict.then(
      () => {},
      (thrown) => {
        throw toError(thrown)
      },
    )
    // A sink need not wait for it.
    carriedOut.catch(() => {})
    return carriedOut
  }

  /** Leaves a message unfinished: the time for a graceful end is over, or its lane belongs to another process. */
  function giveUp(cursor: Cursor): never {
    if (!lane.revoked) load.givenUp++
    if (cursor.refusals === 0) state?.undo(cursor)
    throw HALTED
  }

  const aboutOf = ({ raw }: Cursor) => ({ binding: name, ...placeOf(raw) })

  /** Asks `onError` for a verdict and carries it out. `part`: the sink that failed, if it was one. */
  async function failed(
    code: ErrorCode,
    thrown: unknown,
    cursor: Cursor,
    attempt: number,
    redo: () => Outcome,
    part?: string,
  ): Promise<unknown> {
    const { message, raw } = cursor
    const about = aboutOf(cursor)
    const error = toError(thrown)
    note(tally, { lastError: { error, at: host.now() } })
    cursor.trace?.failed?.(error, attempt)
    // The time for a graceful end is over: the failure may come from that, and not from the message.
    if (context.signal.aborted) giveUp(cursor)
    let what = 'onError of '
    let verdict: string
    try {
      verdict = await policy.decide(error, message, attempt, code !== 'DECODE_FAILED')
      if (verdict === 'bury' || verdict === 'skip') {
        if (encloser?.release) encloser.undo?.(cursor)
        // The writes of a message that counts as handled stay.
        if (cursor.refusals === 0) state?.undo(cursor)
      }
      if (verdict === 'bury') {
        what = 'deadLetter of '
        code = 'SINK_FAILED'
        const dead = { message, error, attempts: attempt, binding: name, raw } as Failure
        if (deadLetter.writeFailure) await deadLetter.writeFailure(dead, cursor)
        else await deadLetter.write(dead, cursor)
      }
    } catch (cause) {
      throw located(code, cause, about, what)
    }
    const buried = verdict === 'bury'
    if (buried || verdict === 'skip') {
      count(tally, buried ? 'deadLettered' : 'skipped')
      tell(buried ? 'dead-letter' : 'skip', () => ({ ...about, error, attempts: attempt }))
      return true
    }
    if (verdict !== 'retry') throw located(code, error, about, part)
    count(tally, 'retried')
    const waitMs = backoff(attempt, { firstMs: policy.backoffMs, host })
    tell('retry', () => ({ ...about, error, attempt, waitMs }))
    // The wait for a retry does not count as a stall: the time limits are for one attempt.
    cursor.watch(NaN)
    // A message of which a value was refused late already counts as handled.
    if (!(await lane.sleep(waitMs, cursor.refusals > 0))) giveUp(cursor)
    cursor.watch(Infinity)
    return redo()
  }

  const located = (code: ErrorCode, thrown: unknown, about: ErrorFields, what = '') =>
    failure(code, `${what}${name}${placeIn(about)}`, thrown, about)

  return Object.assign(probe?.follow?.(step, name) ?? step, tally.binding.onError !== 'stop' && { refused })
}

type Waits = Generator<unknown, unknown, unknown>

/**
 * Runs a generator that yields the promises it waits for. Returns a promise only if the generator waits. It is a loop, as a
 * generator may run for as long as the stream: a chain of promises would grow with it.
 */
function drive(steps: Waits, cursor: Cursor): Outcome {
  let step = steps.next()
  const wait = async () => {
    while (!step.done) {
      try {
        const answer = await step.value
        // Each output has its own time limit: a generator may run for as long as the stream.
        cursor.watch(Infinity)
        step = steps.next(answer)
      } catch (thrown) {
        step = steps.throw(thrown)
      }
    }
    return step.value
  }
  return step.done ? (step.value as undefined) : wait()
}
