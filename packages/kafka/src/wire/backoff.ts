import { pause } from './sleep.ts'

/** Paces what a broker refuses again and again. */
export interface Backoff {
  /**
   * Tells of the refusal, and resolves after a pause that is twice as long as the last, up to a second. Throws the refusal
   * once the pauses add up to the patience there is.
   */
  again(refusal: unknown): Promise<void>
  /** It was not refused: the next refusal is the first. */
  reset(): void
}

const FIRST_PAUSE_MS = 20
const LAST_PAUSE_MS = 1000

export function backoff(options: {
  /** Only pauses count: an answer may take as long as other members of a group do. */
  readonly patienceMs: number
  /** Ends a pause. */
  readonly signal?: AbortSignal | undefined
  readonly onTrouble?: ((error: unknown) => void) | undefined
}): Backoff {
  const { patienceMs, signal, onTrouble } = options
  let waitMs = FIRST_PAUSE_MS
  let pausedMs = 0
  return {
    async again(refusal) {
      if (pausedMs >= patienceMs) throw refusal
      onTrouble?.(refusal)
      const ms = waitMs
      pausedMs += ms
      waitMs = Math.min(waitMs * 2, LAST_PAUSE_MS)
      await pause(ms, signal)
    },
    reset() {
      waitMs = FIRST_PAUSE_MS
      pausedMs = 0
    },
  }
}
