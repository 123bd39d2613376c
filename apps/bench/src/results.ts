import type { Figures } from './suite.ts'

/** The results of one contestant. */
export interface ContestantResult {
  readonly name: string
  readonly settings?: string
  /** Why it could not run on this machine, if it could not. */
  readonly absent?: string
  /** Why rounds are void, if some are. The medians leave them out. */
  readonly voided: readonly string[]
  readonly rounds: readonly Figures[]
  /** The total time of a run in ms, for the estimate of the time left. */
  readonly wallMs: number
}

export interface CaseResult {
  readonly suite: string
  readonly case: string
  readonly size: string
  /** The time of its end, in UTC. */
  readonly at: string
  readonly machine: Machine
  readonly contestants: readonly ContestantResult[]
}

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  /** The load of the machine at the start. Figures with a load above the number of cores mean little. */
  readonly load: number
  readonly system: string
  /** The versions of Node, Kafka, Java, Python, Go and the contestants, as far as they are installed. */
  readonly versions: Readonly<Record<string, string>>
}

export const nameOf = ({ suite, case: one }: Pick<CaseResult, 'suite' | 'case'>) => `${suite}/${one}`

/** Replaces earlier results of the same cases by new ones. */
export function merge(old: readonly CaseResult[], fresh: readonly CaseResult[]): readonly CaseResult[] {
  const all = new Map([...old, ...fresh].map((result) => [nameOf(result), result]))
  return [...all.values()]
}
