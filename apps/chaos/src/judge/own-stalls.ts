import type { Handling } from '../handling.ts'
import type { Handover } from '../handover.ts'
import { wasWell } from './lapse.ts'
import type { Lapse } from './lapse.ts'

/**
 * The longest time between two times in which a worker that kept a partition, and to which nothing had happened, handled
 * nothing of it: from the end of one handling to the beginning of its next, in ms, with none of another worker between
 * them. It is what those who stay suffer when others come and go.
 */
export function judgeOwnStalls(
  handlings: readonly Handling[],
  handovers: readonly Handover[],
  lapses: readonly Lapse[],
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const last = new Map<number, { readonly worker: string; readonly end: number }>()
  let longest = 0
  for (const { worker, partition, start, end = start } of handlings.toSorted((a, b) => a.start - b.start)) {
    const before = last.get(partition)
    const kept = before?.worker === worker
    // What began after the load had ended waited for it no longer than until then.
    const gap = kept ? Math.min(start, to) - Math.max(before.end, from) : 0
    if (kept && gap > longest && wasWell(lapses, worker, before.end, start)) {
      // It may have gone to one that was killed before it handled any of it, and have come back.
      const gaveUp = handovers.some(
        (one) => one.worker === worker && one.partition === partition && one.at >= before.end && one.at <= start,
      )
      if (!gaveUp) longest = gap
    }
    // Behind a short handling there may be a long one that still goes on.
    last.set(partition, { worker, end: kept ? Math.max(end, before.end) : end })
  }
  return longest
}
