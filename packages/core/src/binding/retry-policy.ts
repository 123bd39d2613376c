import { expectNumber, expectUsage, withDefaults } from '../error.ts'
import type { MaybePromise } from '../protocol.ts'
import type { ErrorVerdict, OnError } from '../types.ts'

const DEFAULTS = { retries: 0, backoffMs: 100, deadLetter: undefined as unknown }

/** A checked `onError`: one form for all its variants. */
export interface Policy {
  /**
   * Decides after attempt number `attempt`, which counts from 1. `repeatable`: a retry may succeed. The verdict `bury`: write
   * the message to the dead letter.
   */
  decide(error: Error, message: unknown, attempt: number, repeatable: boolean): MaybePromise<ErrorVerdict | 'bury'>
  /** The wait before the first retry, in ms. */
  readonly backoffMs: number
  readonly deadLetter: unknown
}

/** Checks and normalises `onError`. Throws `USAGE`. */
export function createPolicy(onError: OnError<unknown>, what: string): Policy {
  const options = typeof onError === 'object' && onError
  expectUsage(
    options || typeof onError === 'function' || onError === 'stop' || onError === 'skip',
    what,
    "'stop', 'skip', a function or { retries, backoffMs, deadLetter }",
    onError,
  )
  const { retries, backoffMs, deadLetter } = withDefaults(DEFAULTS, options || {}, what)
  expectNumber(retries, `retries of ${what}`, 0, 'whole ')
  expectNumber(backoffMs, `backoffMs of ${what}`, 0)
  return {
    decide(error, message, attempt, repeatable) {
      if (typeof onError === 'function') return onError(error, message, attempt)
      if (typeof onError === 'string') return onError
      if (repeatable && attempt <= retries) return 'retry'
      return deadLetter === undefined ? 'stop' : 'bury'
    },
    backoffMs,
    deadLetter,
  }
}
