import type { Handling } from '../handling.ts'

export interface Stalls {
  /** The longest time without a handled record, in ms. */
  readonly longestMs: number
  /** The longest time without a handled record of one partition, in ms. */
  readonly partitionMs: number
  /** The longest time from a mishap until a record of every partition was handled again, in ms. */
  readonly recoveryMs: number
}

/** The stalls between two times. `mishaps`: the times from which recovery is measured. */
export function judgeStalls(
  handlings: readonly Handling[],
  { from, to, mishaps }: { readonly from: number; readonly to: number; readonly mishaps: readonly number[] },
): Stalls {
  const byPartition = new Map<number, number[]>()
  for (const { partition, start } of handlings)
    if (start >= from && start <= to) {
      const starts = byPartition.get(partition)
      if (starts) starts.push(start)
      else byPartition.set(partition, [start])
    }
  const partitions = [...byPartition.values()].map((starts) => starts.sort((a, b) => a - b))
  const all = partitions.flat().sort((a, b) => a - b)
  const recoveries = mishaps
    .filter((at) => at < to)
    .map((at) => Math.max(0, ...partitions.map((starts) => (firstAfter(starts, at) ?? to) - at)))
  return {
    longestMs: longestGap(all, from, to),
    partitionMs: Math.max(0, ...partitions.map((starts) => longestGap(starts, from, to))),
    recoveryMs: Math.max(0, ...recoveries),
  }
}

function longestGap(starts: readonly number[], from: number, to: number): number {
  let longest = 0
  let last = from
  for (const start of starts) {
    longest = Math.max(longest, start - last)
    last = start
  }
  return Math.max(longest, to - last)
}

const firstAfter = (starts: readonly number[], at: number) => starts.find((start) => start > at)
