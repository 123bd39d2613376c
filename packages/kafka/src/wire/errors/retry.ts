import { backoff, sleep } from '@snapstream/core/adapter'
import { PAUSES } from '../backoff.ts'
import { KAFKA } from './error-table.ts'
import { errorCodeOf, isRetriable } from './kafka-error.ts'

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
      waitMs = pauseMs(error, attempt)
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

/** The pauses while a coordinator ends the transaction before: that takes some milliseconds, however often it is asked. */
const BETWEEN_TRANSACTIONS_MS = { least: 5, most: 20 } as const

/** How long to wait before the next attempt, in ms. @param attempt the number of attempts so far */
export function pauseMs(error: unknown, attempt: number): number {
  if (errorCodeOf(error) !== KAFKA.CONCURRENT_TRANSACTIONS) return backoff(attempt, PAUSES)
  const { least, most } = BETWEEN_TRANSACTIONS_MS
  return least + Math.random() * (most - least)
}
