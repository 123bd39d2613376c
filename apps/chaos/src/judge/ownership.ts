import type { Handling } from '../handling.ts'
import { wasWell } from './lapse.ts'
import type { Lapse } from './lapse.ts'

export interface Ownership {
  /**
   * Handlings that began while another worker was handling a record of the same partition, or while the same worker was
   * handling the same record: after a rewind it has to wait until nothing is in flight.
   */
  readonly overlapping: number
  /** Records that a second worker handled although the first had no lapse: one of the two did not own the partition. */
  readonly unexplained: number
  /**
   * The longest time, in ms, after a lapse at which its worker handled an unexplained record. Infinite if an unexplained
   * record has no lapse before it.
   */
  readonly staleMs: number
}

/**
 * Judges the ownership of partitions by the intervals of handlings. `gone`: the end of each worker by name; a handling
 * without an end lasts until then.
 */
export function judgeOwnership(
  handlings: readonly Handling[],
  lapses: readonly Lapse[],
  gone: ReadonlyMap<string, number>,
): Ownership {
  let [overlapping, unexplained, staleMs] = [0, 0, 0]
  for (const own of byPartition(handlings)) {
    /** The latest end of each worker's handlings so far. */
    const busyUntil = new Map<string, number>()
    const before = new Map<number, Handling>()
    for (const handling of own.sort((a, b) => a.start - b.start)) {
      const { worker, offset, start } = handling
      if ([...busyUntil].some(([other, until]) => other !== worker && until > start)) overlapping += 1
      const end = handling.end ?? gone.get(worker) ?? start
      busyUntil.set(worker, Math.max(end, busyUntil.get(worker) ?? 0))
      const first = before.get(offset)
      if (first?.worker === worker && (first.end ?? end) > start) overlapping += 1
      if (first && first.worker !== worker && wasWell(lapses, first.worker, first.start, start)) {
        unexplained += 1
        // Either of the two workers may be the stale one.
        staleMs = Math.max(staleMs, Math.min(sinceLapse(lapses, first), sinceLapse(lapses, handling)))
      }
      before.set(offset, handling)
    }
  }
  return { overlapping, unexplained, staleMs }
}

/** The time in ms from the end of the worker's last lapse to the start of a handling. */
function sinceLapse(lapses: readonly Lapse[], { worker, start }: Handling): number {
  const ends = lapses.flatMap((lapse) =>
    (lapse.worker ?? worker) === worker && lapse.to !== undefined && lapse.to <= start ? [lapse.to] : [],
  )
  return start - Math.max(Number.NEGATIVE_INFINITY, ...ends)
}

function byPartition(handlings: readonly Handling[]): Handling[][] {
  const found: Handling[][] = []
  for (const handling of handlings) (found[handling.partition] ??= []).push(handling)
  return found.filter(Boolean)
}
