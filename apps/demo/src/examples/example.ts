/** What an example gets to work with. */
interface ExampleOptions {
  /** A folder of its own for what it keeps on disk; it is removed afterwards. */
  readonly folder: string
  /** Shows how far it has come, on a terminal. */
  progress(line: string): void
}

export interface Example {
  readonly name: string
  readonly about: string
  /** Resolves with a line that sums up what happened, if its output does not show that. */
  run(options: ExampleOptions): Promise<string | void>
}
