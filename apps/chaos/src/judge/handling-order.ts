import type { Handling } from '../handling.ts'

/**
 * The number of records whose first handling came after that of a later record of their key, or began during another
 * handling of their key. `keyOf` returns the key of a record of the input.
 */
export function judgeHandlingOrder(
  handlings: readonly Handling[],
  keyOf: (partition: number, offset: number) => string | undefined,
): number {
  const seen = new Set<number>()
  const last = new Map<string, { readonly offset: number; readonly end: number }>()
  let outOfOrder = 0
  for (const { partition, offset, start, end } of handlings.toSorted((a, b) => a.start - b.start)) {
    // Only the first handling of a record that has an end counts: one without an end had no outcome.
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
