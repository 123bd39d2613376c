import type { Binding } from '../binding/binding.ts'

/** A message in flight, as health and the watchdog see it. */
export interface Flight {
  readonly tally: Tally
  /** The message as its source had it. */
  readonly raw: object | undefined
  /**
   * When the watchdog first saw this message, or since then its last try or output, by the watchdog's clock. -1: nothing is
   * in flight. Infinity: not seen yet. NaN: not to be watched, as it waits for a retry.
   */
  readonly since: number
  /** Sets `since`. */
  watch(since: number): void
}

/** A source in a run, as health and the watchdog see it. */
export interface WatchedSource {
  readonly lanes: readonly { readonly cursors: ReadonlySet<Flight>; count(): void }[]
  readonly ended: boolean
  readonly ready: boolean
  lag(): number | undefined
}

type Counter = 'handled' | 'retried' | 'skipped' | 'deadLettered'

/**
 * Counts what a binding does in a run, for health and the watchdog. The lanes and the steps of the binding count, `note`
 * writes everything else. Nothing here is written for each message that succeeds.
 */
export interface Tally extends Record<Counter, number> {
  readonly binding: Binding
  readonly lastError: { readonly error: Error; readonly at: number } | undefined
  readonly lastProgress: number | undefined
  /** The sources it reads, while it runs. */
  readonly sources: WatchedSource[]
  /** The value of `handled` at `lastProgress`. */
  readonly seen: number
  /** The reason why it stands still, while it does. */
  readonly stalled?: string | undefined
  /** Since when the watchdog sees that it has more to handle and makes no progress; Infinity: it makes progress. */
  readonly quiet: number
}

export function createTally(binding: Binding): Tally {
  return {
    binding,
    handled: 0,
    retried: 0,
    skipped: 0,
    deadLettered: 0,
    lastError: undefined,
    lastProgress: undefined,
    sources: [],
    seen: 0,
    quiet: Infinity,
  }
}

/** Writes some of its fields. */
export function note(tally: Tally, fields: Partial<Omit<Tally, 'binding' | Counter>>): void {
  Object.assign(tally, fields)
}

export const namesOf = (tallies: readonly Tally[]) => tallies.map(({ binding }) => binding.name)
