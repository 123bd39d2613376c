import { backoff, sleep } from '@snapstream/core/adapter'

/** Paces a request that a broker refuses again and again. */
export interface Retries {
  /**
   * Reports the refusal, and resolves after a pause that doubles up to a second, with jitter. Throws the refusal once the
   * pauses add up to `patienceMs`.
   */
  again(refusal: unknown): Promise<void>
  /** The request succeeded: the next refusal counts as the first. */
  reset(): void
}

/** Pauses between requests that may be sent again, in ms. */
export const PAUSES = { firstMs: 20, maxMs: 1000 } as const

export function createRetries(options: {
  /** The limit of all pauses together, in ms. The time of requests does not count: an answer may wait for other members. */
  readonly patienceMs: number
  /** Ends a pause. */
  readonly signal?: AbortSignal | undefined
  readonly onTrouble?: ((error: unknown) => void) | undefined
}): Retries {
  const { patienceMs, signal, onTrouble } = options
  let refusals = 0
  let pausedMs = 0
  return {
    async again(refusal) {
      if (pausedMs >= patienceMs) throw refusal
      onTrouble?.(refusal)
      const ms = backoff(++refusals, PAUSES)
      pausedMs += ms
      await sleep(ms, signal)
    },
    reset() {
      refusals = 0
      pausedMs = 0
    },
  }
}
