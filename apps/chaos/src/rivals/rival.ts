/** The options of a worker of another library, passed as JSON in its last argument. */
export interface RivalPlan {
  readonly brokers: string
  readonly input: string
  readonly output: string
  readonly groupId: string
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** Makes the worker a static member. */
  readonly groupInstanceId?: string
  /** A temporary folder for the state of the worker. */
  readonly folder: string
}

/**
 * Another library with a worker like ours: it reads the input and writes one output with the same key for each record. A
 * worker ends when its stdin closes.
 */
export interface Rival {
  readonly name: string
  readonly about: string
  /** The value of an output: the place of the input (`placeOf`), or the value of the input. */
  readonly says: 'place' | 'value'
  /** Whether its workers can be static members. @default true */
  readonly hasStatic?: boolean
  /** The command that starts a worker, without the plan. Installs the library at the first call. */
  command(log: (line: string) => void): Promise<readonly string[]>
}
