import type { Host } from '../protocol.ts'

export interface BackoffOptions {
  /** The wait before the first retry, in ms; it doubles with each attempt. */
  readonly firstMs: number
  /** The longest wait, in ms. @default 30000 */
  readonly maxMs?: number
  /** Source of the jitter. @default Math */
  readonly host?: Pick<Host, 'random'>
}

/**
 * How long to wait after failed attempt number `attempt`, which counts from 1, in ms. The wait doubles up to `maxMs`. Jitter
 * takes a random half to all of it, so that callers that failed together do not retry together.
 */
export function backoff(attempt: number, { firstMs, maxMs = 30_000, host = Math }: BackoffOptions): number {
  return Math.min(firstMs * 2 ** (attempt - 1), maxMs) * (1 - host.random() / 2)
}
