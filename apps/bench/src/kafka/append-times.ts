/** The numbers of records that the broker appended, by its clock in ms. */
export interface AppendTimes {
  add(timestamp: number): void
  /** The time from the first append to the last, with an average ms for the first one. */
  readonly ms: number
  /** Messages per second in the second half, after the warm-up. */
  readonly steadyRate: number
}

export function appendTimes(): AppendTimes {
  const counts = new Map<number, number>()
  const sorted = () => [...counts].sort(([a], [b]) => a - b)
  return {
    add(timestamp) {
      counts.set(timestamp, (counts.get(timestamp) ?? 0) + 1)
    },
    get ms() {
      return span(sorted())
    },
    get steadyRate() {
      const all = sorted()
      const half = total(all) / 2
      let seen = 0
      const at = all.findIndex(([, count]) => (seen += count) >= half)
      const rest = all.slice(at)
      return (total(rest) / span(rest)) * 1000
    },
  }
}

/** The records of the first ms were sent before it, so only their end is known. */
function span(all: readonly (readonly [ms: number, count: number])[]): number {
  const [first, last] = [all[0], all.at(-1)]
  if (first === undefined || last === undefined || first === last) return 1
  const counted = total(all) - first[1]
  return ((last[0] - first[0]) * total(all)) / counted
}

const total = (all: readonly (readonly [ms: number, count: number])[]) => all.reduce((sum, [, count]) => sum + count, 0)
