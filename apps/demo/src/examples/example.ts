/** The resources of an example. */
export interface ExampleOptions {
  /** A folder for its data on disk, removed afterwards. */
  readonly folder: string
  /** Addresses of Kafka brokers; undefined: a broker in memory. `Conf` has them, too. */
  readonly brokers: string | undefined
  /** Shows its progress on a terminal. */
  progress(line: string): void
}

export interface Example {
  readonly name: string
  readonly about: string
  /** Runs only if it is named, as it takes longer. @default false */
  readonly isAlone?: boolean
  /** Resolves with a summary in one line, if its output needs one. */
  run(options: ExampleOptions): Promise<string | void>
}
