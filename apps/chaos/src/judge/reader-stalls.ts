/**
 * The times at which records of each key reached a reader, in ms, in order. All records of a key are in one partition of the
 * input and in one of the output, so that neither hides the stall of another.
 */
export type Arrivals = ReadonlyMap<string, readonly number[]>

/**
 * The longest time between `from` and `to`, in ms, in which no record of a key reached a reader: the handling stood still,
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
