/** What a fuzzing process is to do. It comes as JSON in the first argument. */
export interface FuzzPlan {
  readonly target: string
  readonly seed: number
  /** How long it mutates, after it has run every seed and the corpus. 0: it does not. */
  readonly ms: number
  readonly planted: boolean
  /** The file that always holds the input that is running: its length (uint32), then its bytes. */
  readonly current: string
  /** The folder for inputs that did something new and did not fail. */
  readonly kept: string
  /** One input to run instead of everything else. */
  readonly only?: string
}

/** What the process says on stdout, as lines of JSON. */
export type FuzzLine =
  | { readonly kind: 'progress'; readonly runs: number; readonly kept: number }
  | { readonly kind: 'found'; readonly what: string }
  | {
      readonly kind: 'done'
      readonly runs: number
      readonly grewBytes: number
      readonly slowestMs: number
    }
