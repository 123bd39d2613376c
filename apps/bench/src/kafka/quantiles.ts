/**
 * Quantiles of times that are differences of whole ms, and so known to a ms only: those of one value are taken to lie evenly
 * around it.
 */
export function quantiles(times: Float64Array, which: readonly number[]): readonly number[] {
  const counts = new Map<number, number>()
  for (const time of times) counts.set(time, (counts.get(time) ?? 0) + 1)
  const sorted = [...counts].sort(([a], [b]) => a - b)
  return which.map((q) => {
    const rank = q * times.length
    let below = 0
    for (const [value, count] of sorted) {
      if (below + count >= rank) return Math.max(0, value - 0.5 + (rank - below) / count)
      below += count
    }
    return Number.NaN
  })
}
