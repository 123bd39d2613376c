import type { Figures } from './suite.ts'

/** What one contestant came to. */
export interface ContestantResult {
  readonly name: string
  readonly settings?: string
  /** Why it is not here, if it is not. */
  readonly absent?: string
  /** Why rounds of it are void, if some are: they are in no median. */
  readonly voided: readonly string[]
  readonly rounds: readonly Figures[]
  /** How long a run of it takes in all, in ms: for how much time is left. */
  readonly wallMs: number
}

export interface CaseResult {
  readonly suite: string
  readonly case: string
  readonly size: string
  /** When it ended, in UTC. */
  readonly at: string
  readonly machine: Machine
  readonly contestants: readonly ContestantResult[]
}

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  /** How many processes wanted to run when it began: above the number of cores, figures say little. */
  readonly load: number
  readonly system: string
  /** Of Node, Kafka, Java, Python and what is measured, as far as they are here. */
  readonly versions: Readonly<Record<string, string>>
}

export const nameOf = ({ suite, case: one }: Pick<CaseResult, 'suite' | 'case'>) => `${suite}/${one}`

/** Keeps new results in place of earlier ones of the same cases. */
export function merge(old: readonly CaseResult[], fresh: readonly CaseResult[]): readonly CaseResult[] {
  const all = new Map([...old, ...fresh].map((result) => [nameOf(result), result]))
  return [...all.values()]
}
