import type { Handling } from '../handling.ts'
import type { Kill } from '../kill-count.ts'
import { placeOf } from '../place.ts'

/**
 * The number of duplicates that no kill explains. Each worker that handled a record and was killed before its commit
 * explains one more output of it. `copies`: the number of outputs by place of the input, for inputs with more than one.
 */
export function unexplainedCopies(
  copies: ReadonlyMap<string, number>,
  handlings: readonly Handling[],
  kills: readonly Kill[],
): number {
  const byWorker = new Map(kills.map((kill) => [kill.worker, kill]))
  const explained = new Map<string, Set<string>>()
  for (const { worker, partition, offset } of handlings) {
    const place = placeOf(partition, offset)
    const kill = copies.has(place) ? byWorker.get(worker) : undefined
    if (kill === undefined || offset < (kill.committed.get(partition) ?? 0)) continue
    const victims = explained.get(place) ?? new Set()
    explained.set(place, victims.add(worker))
  }
  return [...copies].reduce((sum, [place, count]) => {
    const victims = explained.get(place)?.size ?? 0
    return sum + Math.max(0, count - 1 - victims)
  }, 0)
}
