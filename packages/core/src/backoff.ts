import type { Host } from './protocol.ts'

const MAX_BACKOFF_MS = 30_000

/**
 * How long to wait after try number `attempt`, which counts from 1, in ms: half to all of a wait that doubles, so that
 * those who failed together do not come again together.
 */
export function backoff(host: Host, firstMs: number, attempt: number): number {
  return Math.min(firstMs * 2 ** (attempt - 1), MAX_BACKOFF_MS) * (1 - host.random() / 2)
}
