import type { Host } from '../host.ts'

/** Options of `backoff`. */
export interface BackoffOptions {
  /** The wait before the first retry, in ms; it doubles with each attempt. */
  readonly firstMs: number
  /** The longest wait without jitter, in ms. @default 30000 */
  readonly maxMs?: number
  /** The source of random numbers for the jitter. @default Math */
  readonly host?: Pick<Host, 'random'>
}

/**
 * The wait after a failed attempt, in ms. It starts at `firstMs` and doubles with each attempt, up to `maxMs`. Jitter scales
 * it by a random factor between 0.5 and 1, so that callers that failed together do not retry together.
 *
 * @param attempt the number of the failed attempt, from 1
 */
export function backoff(attempt: number, { firstMs, maxMs = 30_000, host = Math }: BackoffOptions): number {
  return Math.min(firstMs * 2 ** (attempt - 1), maxMs) * (1 - host.random() / 2)
}
