import { backoff, sleep } from '@snapstream/core/adapter'
import { PAUSES } from '../backoff.ts'
import { isRetriable } from './kafka-error.ts'

/**
 * Runs something again while it fails with a retriable error. The time limit counts from the first failure, so that a request
 * gets a second attempt even if the first one took its whole time-out.
 */
export async function retry<T>(
  run: () => Promise<T>,
  options: {
    readonly patienceMs: number
    /** Called between two attempts, such as a refresh of metadata. */
    readonly repair?: () => Promise<unknown>
    /** Aborting it ends the retries. */
    readonly signal?: AbortSignal
    /** Called with each error that is retried. */
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
