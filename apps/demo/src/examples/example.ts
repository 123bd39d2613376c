/** The resources of an example. */
interface ExampleOptions {
  /** A folder for its data on disk, removed afterwards. */
  readonly folder: string
  /** Shows its progress on a terminal. */
  progress(line: string): void
}

export interface Example {
  readonly name: string
  readonly about: string
  /** Resolves with a summary in one line, if its output needs one. */
  run(options: ExampleOptions): Promise<string | void>
}
