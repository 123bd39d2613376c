/** When the broker appended how many records, by its own clock, in ms. */
export interface AppendTimes {
  add(timestamp: number): void
  /** From the first record that was appended to the last, as if the first ms had taken its share of the time. */
  readonly ms: number
  /** Messages a second in the second half: what is warm by then. */
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

/** What the first ms appended was under way before it: of it only the end is known. */
function span(all: readonly (readonly [ms: number, count: number])[]): number {
  const [first, last] = [all[0], all.at(-1)]
  if (first === undefined || last === undefined || first === last) return 1
  const counted = total(all) - first[1]
  return ((last[0] - first[0]) * total(all)) / counted
}

const total = (all: readonly (readonly [ms: number, count: number])[]) => all.reduce((sum, [, count]) => sum + count, 0)
