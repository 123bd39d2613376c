/** The times at which records of each partition reached a reader, in ms, in order. */
export type Arrivals = ReadonlyMap<number, readonly number[]>

/**
 * The longest time between `from` and `to`, in ms, in which no record of a partition reached a reader: the handling stood still,
 * or the records waited for the end of a transaction.
 */
export function judgeReaderStalls(
  arrivals: Arrivals,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  let longest = 0
  for (const times of arrivals.values()) {
    let last = from
    for (const time of times) {
      longest = Math.max(longest, Math.min(time, to) - last)
      last = Math.max(last, time)
    }
    longest = Math.max(longest, to - last)
  }
  return longest
}
