/** One way to do the work of a case. It runs in a process of its own and answers with messages per second. */
interface Contestant {
  readonly name: string
  run(input: string): Promise<number>
}

/** Contestants that do the same work, in turn, so that a machine that slows down slows all of them. */
export interface Case {
  readonly name: string
  readonly about: string
  readonly contestants: readonly Contestant[]
  /** The ratios of interest, and what they should be at least. */
  readonly ratios: readonly { readonly of: string; readonly to: string; readonly atLeast?: number }[]
}

export interface Suite {
  readonly name: string
  readonly about: string
  readonly cases: readonly Case[]
  /** Makes what all runs share; `input` is handed to each, `close` is called at the end. */
  prepare?(log: (line: string) => void): Promise<{ readonly input: string; close(): Promise<void> }>
}
