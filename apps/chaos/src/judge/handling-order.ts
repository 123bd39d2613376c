import type { Handling } from '../handling.ts'

/**
 * How many records were handled for the first time before an earlier one of their key had been, or while one was being
 * handled. `keyOf` answers for a place of the input.
 */
export function judgeHandlingOrder(
  handlings: readonly Handling[],
  keyOf: (partition: number, offset: number) => string | undefined,
): number {
  const seen = new Set<number>()
  const last = new Map<string, { readonly offset: number; readonly end: number }>()
  let outOfOrder = 0
  for (const { partition, offset, start, end } of handlings.toSorted((a, b) => a.start - b.start)) {
    // Of the same place only the first counts, and of those one that came to its end: the others had no outcome.
    const place = partition * 2 ** 40 + offset
    if (end === undefined || seen.has(place)) continue
    seen.add(place)
    const key = `${partition} ${keyOf(partition, offset)}`
    const before = last.get(key)
    if (before && (before.offset > offset || before.end > start)) outOfOrder += 1
    else last.set(key, { offset, end })
  }
  return outOfOrder
}
