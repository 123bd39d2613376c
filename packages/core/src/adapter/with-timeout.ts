import { platformHost } from '../host.ts'
import type { Host } from '../host.ts'

/** Options of `withTimeout`. */
export interface TimeoutOptions<L> {
  /** How long to wait, in ms: 24.8 days at most. */
  readonly ms: number
  /** Called when the time is over. `withTimeout` resolves with its result, or rejects with the error that it throws. */
  readonly late: () => L
  /** The timers to use. @default the platform's */
  readonly host?: Pick<Host, 'setTimeout'>
}

/**
 * Waits for a promise for a limited time. Rejects if the promise rejects in time; a later rejection is ignored. Do not wait
 * often for one long-lived promise with it: the promise keeps a reaction for each wait.
 *
 * @example
 * const connection = await withTimeout(connecting, { ms: 1000, late: () => { throw new Error('no connection in 1 s') } })
 */
export async function withTimeout<T, L>(
  pending: PromiseLike<T>,
  { ms, late, host = platformHost() }: TimeoutOptions<L>,
): Promise<T | L> {
  let cancel = () => {}
  const timeout = new Promise<undefined>((resolve) => {
    cancel = host.setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([pending, timeout.then(late)])
  } finally {
    cancel()
  }
}
