/** What each worker of another library is told, as JSON in its first argument. */
export interface RivalPlan {
  readonly brokers: string
  readonly input: string
  readonly output: string
  readonly groupId: string
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** A folder of the run, for whatever it has to keep. */
  readonly folder: string
}

/**
 * Another library, with a worker that does what ours does: it reads the input and writes something under the same key for
 * each record. A worker ends with its stdin.
 */
export interface Rival {
  readonly name: string
  readonly about: string
  /** What the values of its output are: where a record was (`placeOf`), or the value that it had. */
  readonly says: 'place' | 'value'
  /** The command that starts a worker, but for the plan. Installs at the first call what is not there. */
  command(log: (line: string) => void): Promise<readonly string[]>
}
