import type { HeapTrend } from './heap-trend.ts'

export interface SoakOutcome extends HeapTrend {
  readonly messages: number
  readonly handled: number
  readonly leftovers: readonly string[]
  /** Whether the process ended by itself with exit code 0. */
  readonly ended: boolean
}

export const MOST_BYTES_PER_1000 = 50
/** The standard errors that are subtracted from the slope. */
export const ERRORS = 2
export const MOST_GROWTH = 0.05
/** Below this number of messages the slope is mostly noise and warm-up, and only the growth counts. */
export const ENOUGH_FOR_A_SLOPE = 1_000_000
export const MOST_GROWTH_OF_FEW = 0.2

/** The promises that did not hold, in words. */
export function soakProblems(outcome: SoakOutcome): readonly string[] {
  const { messages, handled, leftovers, ended, bytesPer1000, errorPer1000, growth } = outcome
  const problems: string[] = []
  // Duplicates are allowed here: they follow from a late commit.
  if (handled < messages) problems.push(`${messages - handled} messages were not handled`)
  const few = messages < ENOUGH_FOR_A_SLOPE
  const mostGrowth = few ? MOST_GROWTH_OF_FEW : MOST_GROWTH
  const surely = bytesPer1000 - ERRORS * errorPer1000
  if (!few && surely > MOST_BYTES_PER_1000)
    problems.push(
      `the heap grows by at least ${Math.round(surely)} bytes in 1000 messages, at most ${MOST_BYTES_PER_1000} are allowed`,
    )
  if (growth > mostGrowth)
    problems.push(
      `the heap grew by ${(growth * 100).toFixed(1)} % after the warm-up, at most ${mostGrowth * 100} % are allowed`,
    )
  if (leftovers.length > 0) problems.push(`left behind: ${leftovers.join(', ')}`)
  if (!ended) problems.push('the process did not end by itself')
  return problems
}
