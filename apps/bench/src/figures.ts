import type { Figures } from './suite.ts'

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** The median of one figure over the rounds; undefined if it was not measured. */
export function spreadOf(rounds: readonly Figures[], figure: string): Spread | undefined {
  const values = rounds.map((round) => round[figure]).filter((value) => value !== undefined)
  if (values.length === 0) return undefined
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) }
}
