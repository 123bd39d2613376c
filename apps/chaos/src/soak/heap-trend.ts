import type { Sample } from './soak-plan.ts'

export interface HeapTrend {
  /** The slope by least squares over all samples after the warm-up. */
  readonly bytesPer1000: number
  /** The standard error of the slope. */
  readonly errorPer1000: number
  /** The growth over all messages after the warm-up, as a fraction of the mean. */
  readonly growth: number
  readonly meanBytes: number
}

/** The fraction of a run that is warm-up: V8 compiles code, pools and logs fill. */
const WARM_UP = 0.2

/** The straight line through the samples after the warm-up. Throws for fewer than five of them. */
export function heapTrend(samples: readonly Sample[]): HeapTrend {
  const last = samples.at(-1)?.messages ?? 0
  const counted = samples.filter(({ messages }) => messages >= last * WARM_UP)
  if (counted.length < 5) throw new Error(`a trend takes 5 samples after the warm-up or more, got ${counted.length}`)
  const mean = (of: (sample: Sample) => number) => counted.reduce((sum, one) => sum + of(one), 0) / counted.length
  const [x, y] = [mean(({ messages }) => messages), mean(({ bytes }) => bytes)]
  let [above, below] = [0, 0]
  for (const { messages, bytes } of counted) {
    above += (messages - x) * (bytes - y)
    below += (messages - x) ** 2
  }
  const slope = below === 0 ? 0 : above / below
  const off = counted.map(({ messages, bytes }) => bytes - y - slope * (messages - x))
  const variance = off.reduce((sum, one) => sum + one ** 2, 0) / (counted.length - 2)
  const error = below === 0 ? 0 : Math.sqrt(variance / below)
  const range = last - (counted[0]?.messages ?? 0)
  return { bytesPer1000: slope * 1000, errorPer1000: error * 1000, growth: (slope * range) / y, meanBytes: y }
}
