import { backoff, sleep } from '@snapstream/core/adapter'
import { PAUSES } from '../backoff.ts'
import { isRetriable } from './kafka-error.ts'

/**
 * Runs something again while it fails with a retriable error. The patience begins with the first failure: a request that took
 * its whole time before it failed, because the network went silent, has its second try as well.
 */
export async function retry<T>(
  run: () => Promise<T>,
  options: {
    readonly patienceMs: number
    /** Between two attempts: what may cure the reason. */
    readonly repair?: () => Promise<unknown>
    /** Aborted when there is no point any more. */
    readonly signal?: AbortSignal
    /** Told of what is tried again. */
    readonly onTrouble?: ((error: unknown) => void) | undefined
  },
): Promise<T> {
  const { patienceMs, repair = async () => {}, signal, onTrouble } = options
  let end: number | undefined
  for (let attempt = 1; ; attempt++) {
    let waitMs: number
    try {
      return await run()
    } catch (error) {
      waitMs = backoff(attempt, PAUSES)
      end ??= performance.now() + patienceMs
      if (signal?.aborted || !isRetriable(error) || performance.now() + waitMs > end) throw error
      onTrouble?.(error)
    }
    await sleep(waitMs, signal)
    await repair().catch((error: unknown) => {
      if (!isRetriable(error)) throw error
    })
  }
}
