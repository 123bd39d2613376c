import type { Binding } from '../binding/binding.ts'
import type { Mutable } from '../types.ts'

/** A message in flight, as health and the watchdog see it. */
export interface Flight {
  readonly tally: Tally
  /** The message before decoding, if the source keeps it. */
  readonly raw: object | undefined
  /**
   * The time at which the watchdog first saw the message in its current attempt or output, by the watchdog's clock. -1: no
   * message is in flight. Infinity: not seen yet. NaN: not watched, as the message waits for a retry.
   */
  readonly since: number
  /** Sets `since`. */
  watch(since: number): void
}

/** A source in a run, as health and the watchdog see it. */
export interface WatchedSource {
  readonly lanes: readonly {
    readonly cursors: ReadonlySet<Flight>
    /** The number of messages that wait for their turn. */
    readonly turns: number
    count(): void
  }[]
  readonly ended: boolean
  readonly ready: boolean
  /** Changes with each record of state that is restored for its lanes; empty while no lane waits for its state. */
  readonly restored: string
  lag(): number | undefined
}

type Counter = 'handled' | 'retried' | 'skipped' | 'deadLettered' | 'late' | 'aborted'

/**
 * The counts of a binding in a run, for health and the watchdog. `count` writes the counters, and `note` writes all other
 * fields. No field is written for each message that succeeds.
 */
export interface Tally extends Readonly<Record<Counter, number>> {
  readonly binding: Binding
  readonly lastError: { readonly error: Error; readonly at: number } | undefined
  readonly lastProgress: number | undefined
  /** The sources it reads, while it runs. */
  readonly sources: WatchedSource[]
  /** The value of `handled` at `lastProgress`. */
  readonly seen: number
  /** The cause of the stall, while the binding is stalled. */
  readonly stalled?: string | undefined
  /** The time since which it has messages to handle and makes no progress, by the watchdog's clock; Infinity: it makes progress. */
  readonly quiet: number
}

export function createTally(binding: Binding): Tally {
  return {
    binding,
    handled: 0,
    retried: 0,
    skipped: 0,
    deadLettered: 0,
    late: 0,
    aborted: 0,
    lastError: undefined,
    lastProgress: undefined,
    sources: [],
    seen: 0,
    quiet: Infinity,
  }
}

/** Adds to a counter. */
export function count(tally: Mutable<Tally>, counter: Counter, more = 1): void {
  tally[counter] += more
}

/** Writes some of its fields. */
export function note(tally: Tally, fields: Partial<Omit<Tally, 'binding' | Counter>>): void {
  Object.assign(tally, fields)
}

export const namesOf = (tallies: readonly Tally[]) => tallies.map(({ binding }) => binding.name)
