import type { Handling } from '../handling.ts'
import type { Handover } from '../handover.ts'
import { wasWell } from './lapse.ts'
import type { Lapse } from './lapse.ts'

/**
 * The longest time, in ms, in which an undisturbed worker handled no record of a partition that it kept: from the end of one
 * of its handlings to the start of its next, without a handling by another worker in between. It measures the effect of a
 * rebalance on the members that stay. Only the time between `from` and `to` counts.
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
    // A gap counts up to the end of the load.
    const gap = kept ? Math.min(start, to) - Math.max(before.end, from) : 0
    if (kept && gap > longest && wasWell(lapses, worker, before.end, start)) {
      // The partition may have moved to a worker that was killed before it handled a record, and back.
      const gaveUp = handovers.some(
        (one) => one.worker === worker && one.partition === partition && one.at >= before.end && one.at <= start,
      )
      if (!gaveUp) longest = gap
    }
    // An earlier, longer handling may still be running.
    last.set(partition, { worker, end: kept ? Math.max(end, before.end) : end })
  }
  return longest
}
