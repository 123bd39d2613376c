import { SnapstreamError, describe } from './error.ts'
import type { MaybePromise } from './protocol.ts'
import type { ErrorVerdict, OnError } from './types.ts'

const DEFAULT_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 30_000

/** `onError` in one form, whatever form it was given in. */
export interface Policy {
  /** What to do after try number `attempt`, which counts from 1. `repeatable`: trying again could end differently. */
  decide(error: Error, message: unknown, attempt: number, repeatable: boolean): MaybePromise<ErrorVerdict | 'bury'>
  /** How long to wait after try number `attempt`, in ms. */
  backoffMs(attempt: number): number
  readonly deadLetter: unknown
}

/** Checks and normalises `onError`; throws `USAGE`. */
export function createPolicy(onError: OnError<unknown> | undefined, binding: string): Policy {
  if (onError === undefined || onError === 'stop' || onError === 'skip')
    return { decide: () => onError ?? 'stop', backoffMs: exponential(DEFAULT_BACKOFF_MS), deadLetter: undefined }
  if (typeof onError === 'function')
    return {
      async decide(error, message, attempt) {
        const verdict = await onError(error, message, attempt)
        if (verdict === 'retry' || verdict === 'skip' || verdict === 'stop') return verdict
        throw new SnapstreamError(
          'USAGE',
          `onError of ${binding} has to answer 'retry', 'skip' or 'stop', got ${describe(verdict)}`,
          { cause: error },
        )
      },
      backoffMs: exponential(DEFAULT_BACKOFF_MS),
      deadLetter: undefined,
    }
  if (typeof onError !== 'object' || onError === null)
    throw new SnapstreamError(
      'USAGE',
      `onError of ${binding} takes 'stop', 'skip', a function or { retries, backoffMs, deadLetter }, got ${describe(onError)}`,
    )
  const { retries = 0, backoffMs = DEFAULT_BACKOFF_MS, deadLetter, ...rest } = onError
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined)
    throw new SnapstreamError(
      'USAGE',
      `onError of ${binding} has no '${unknown}'; it takes retries, backoffMs, deadLetter`,
    )
  requireCount(retries, `onError.retries of ${binding}`, 0)
  requireCount(backoffMs, `onError.backoffMs of ${binding}`, 0)
  return {
    decide: (_error, _message, attempt, repeatable) => {
      if (repeatable && attempt <= retries) return 'retry'
      return deadLetter === undefined ? 'stop' : 'bury'
    },
    backoffMs: exponential(backoffMs),
    deadLetter,
  }
}

/** Throws `USAGE` unless the value is a finite number of at least `min`. */
export function requireCount(value: unknown, name: string, min: number): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= min) return
  throw new SnapstreamError('USAGE', `${name} has to be a number of ${min} or more, got ${describe(value)}`)
}

function exponential(firstMs: number) {
  return (attempt: number) => Math.min(firstMs * 2 ** (attempt - 1), MAX_BACKOFF_MS)
}
