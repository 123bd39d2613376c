/** The options of a fuzzing process, passed as JSON in its first argument. */
export interface FuzzPlan {
  readonly target: string
  readonly seed: number
  /** The duration of the mutation, after all seeds and the corpus. 0: no mutation. */
  readonly ms: number
  readonly planted: boolean
  /** The file that always holds the current input: its length (uint32), then its bytes. */
  readonly current: string
  /** The folder for inputs with a new outcome that did not fail. */
  readonly kept: string
  /** A file with the only input to run. */
  readonly only?: string
}

/** A line of JSON on the stdout of the process. */
export type FuzzLine =
  | { readonly kind: 'progress'; readonly runs: number; readonly kept: number }
  | { readonly kind: 'found'; readonly what: string }
  | {
      readonly kind: 'done'
      readonly runs: number
      readonly grewBytes: number
      readonly slowestMs: number
    }
