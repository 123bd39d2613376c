import { platformHost } from '../host.ts'
import type { Host } from '../protocol.ts'

export interface TimeoutOptions<L> {
  /** How long to wait, in ms: 24.8 days at most. */
  readonly ms: number
  /** Called when the time is over: gives the result instead, or throws what `withTimeout` then rejects with. */
  readonly late: () => L
  /** @default the platform's timers */
  readonly host?: Pick<Host, 'setTimeout'>
}

/**
 * Waits for a promise for a limited time. A promise that is late goes on unobserved, and a rejection of it after that is
 * ignored. Not for a promise that lives long and is waited for often: it would keep a reaction for each wait.
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
