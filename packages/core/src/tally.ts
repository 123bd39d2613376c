import type { Binding } from './binding.ts'
import type { Share } from './lane.ts'

/** What a binding has done in a run, for those who watch it. Nothing here is written for each message that succeeds. */
export interface Tally {
  readonly binding: Binding
  handled: number
  retried: number
  skipped: number
  deadLettered: number
  lastError: { readonly error: Error; readonly at: number } | undefined
  lastProgress: number | undefined
  /** How many had been handled at `lastProgress`. */
  seen: number
  /** What it waits for, while it stands still. */
  stalled?: string | undefined
  /** When its sources last gave something, or had nothing to give, by the clock of the watchdog. */
  quiet: number
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
    seen: 0,
    quiet: Infinity,
  }
}

/** Adds what has been handled of a share since it was last counted. */
export function countShare(tally: Tally, share: Share): void {
  const handled = share.handled + (share.ahead?.size ?? 0)
  tally.handled += handled - share.counted
  share.counted = handled
}

export const namesOf = (tallies: readonly Tally[]) => tallies.map(({ binding }) => binding.name)
