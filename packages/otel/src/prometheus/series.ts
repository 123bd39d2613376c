import type { Metric } from '../names.ts'
import type { Attributes } from '../read-health.ts'
import type { RecordValue } from '../watch-app.ts'

/** The values of a metric with the same attributes. */
export interface Series {
  readonly attributes: Attributes
  /** The sum of the values. */
  readonly sum: number
  /** The number of values. */
  readonly count: number
  /** The number of values up to each bound; of a counter none. */
  readonly counts: readonly number[]
}

/** Adds values up, as an SDK would. */
export interface SeriesStore {
  readonly record: RecordValue
  /** The series of a metric. */
  of(metric: Metric): Series[]
}

export function createSeries(): SeriesStore {
  type Writable = { -readonly [K in keyof Series]: Series[K] } & { readonly counts: number[] }
  const metrics = new Map<string, Map<string, Writable>>()

  function find({ name, bounds = [] }: Metric, attributes: Attributes): Writable {
    const known = metrics.get(name) ?? new Map<string, Writable>()
    metrics.set(name, known)
    const key = JSON.stringify(attributes)
    const found = known.get(key) ?? { attributes, sum: 0, count: 0, counts: bounds.map(() => 0) }
    known.set(key, found)
    return found
  }

  return {
    record(metric, value, attributes) {
      const found = find(metric, attributes)
      found.sum += value
      found.count++
      for (const [i, bound] of (metric.bounds ?? []).entries()) if (value <= bound) (found.counts[i] as number)++
    },
    of: ({ name }) => [...(metrics.get(name)?.values() ?? [])],
  }
}
