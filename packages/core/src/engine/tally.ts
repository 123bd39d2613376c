import type { Binding } from '../binding/binding.ts'
import type { Share } from './lane.ts'
import type { SourceRun } from './source-run.ts'

/** What a binding has done in a run, for those who watch it. Nothing here is written for each message that succeeds. */
export interface Tally {
  readonly binding: Binding
  handled: number
  retried: number
  skipped: number
  deadLettered: number
  lastError: { readonly error: Error; readonly at: number } | undefined
  lastProgress: number | undefined
  /** Those that it reads, while it runs. */
  sources: SourceRun[]
  /** How many had been handled at `lastProgress`. */
  seen: number
  /** What it waits for, while it stands still. */
  stalled?: string | undefined
  /** When the watchdog first saw that it has more to handle and does not; Infinity: not since it last did. */
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
    sources: [],
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

/** Those that have something in such a list of theirs, by each thing there is. */
export function groupBy<T>(all: readonly T[], listOf: (one: T) => readonly unknown[]): Map<unknown, T[]> {
  const groups = new Map<unknown, T[]>()
  for (const one of all)
    for (const thing of new Set(listOf(one))) if (!groups.get(thing)?.push(one)) groups.set(thing, [one])
  return groups
}
