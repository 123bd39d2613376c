import type { HeapTrend } from './heap-trend.ts'

export interface SoakOutcome extends HeapTrend {
  readonly messages: number
  readonly handled: number
  readonly leftovers: readonly string[]
  /** Whether the process ended by itself, and well. */
  readonly ended: boolean
}

export const MOST_BYTES_PER_1000 = 50
/** A rise counts as far as it is beyond so many standard errors of its slope. */
export const ERRORS = 2
export const MOST_GROWTH = 0.05
/** In fewer messages than that, some kilobytes look like a slope, and much of them is still warm-up: only a leak counts. */
export const ENOUGH_FOR_A_SLOPE = 1_000_000
export const MOST_GROWTH_OF_FEW = 0.2

/** Which promises did not hold, in words. */
export function soakProblems(outcome: SoakOutcome): readonly string[] {
  const { messages, handled, leftovers, ended, bytesPer1000, errorPer1000, growth } = outcome
  const problems: string[] = []
  // What was handled twice was not committed in time, which is no matter here; what was not handled is lost.
  if (handled < messages) problems.push(`${messages - handled} messages were not handled`)
  const few = messages < ENOUGH_FOR_A_SLOPE
  const mostGrowth = few ? MOST_GROWTH_OF_FEW : MOST_GROWTH
  const surely = bytesPer1000 - ERRORS * errorPer1000
  if (!few && surely > MOST_BYTES_PER_1000)
    problems.push(
      `the heap grows by ${Math.round(surely)} bytes in 1000 messages or more, at most ${MOST_BYTES_PER_1000}`,
    )
  if (growth > mostGrowth)
    problems.push(`the heap grew by ${(growth * 100).toFixed(1)} % after the warm-up, at most ${mostGrowth * 100} %`)
  if (leftovers.length > 0) problems.push(`it left behind ${leftovers.join(', ')}`)
  if (!ended) problems.push('its process did not end by itself')
  return problems
}
