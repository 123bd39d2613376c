import { isRetriable } from './kafka-error.ts'
import { pause } from '../sleep.ts'

const FIRST_PAUSE_MS = 20
const LAST_PAUSE_MS = 1000

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
  for (let waitMs = FIRST_PAUSE_MS; ; waitMs = Math.min(waitMs * 2, LAST_PAUSE_MS)) {
    try {
      return await run()
    } catch (error) {
      end ??= performance.now() + patienceMs
      if (signal?.aborted || !isRetriable(error) || performance.now() + waitMs > end) throw error
      onTrouble?.(error)
    }
    await pause(waitMs, signal)
    await repair().catch((error: unknown) => {
      if (!isRetriable(error)) throw error
    })
  }
}
