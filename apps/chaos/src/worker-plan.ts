export type DriverName = 'kafkajs' | 'kafkats'
export const DRIVERS: readonly DriverName[] = ['kafkajs', 'kafkats']

/** The store of a worker. */
export interface StorePlan {
  /** Its folder. @default that of a worker that has ended, or a new one */
  readonly folder?: string
  /** The number of other workers with a copy of each part. @default 0 */
  readonly standbys?: number
}

/** The options of a worker process, passed as JSON in its first argument. */
export interface WorkerPlan {
  readonly brokers: string
  readonly driver: DriverName
  readonly input: string
  readonly output: string
  readonly groupId: string
  /** The file that the worker logs each handling to. */
  readonly log: string
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** The duration of the handler in ms. 0: the handler is synchronous. */
  readonly handleMs: number
  /** The number of keys of a partition that are handled at once. */
  readonly concurrency?: number
  /** Whether the output is written in transactions. @default false */
  readonly exactlyOnce?: boolean
  /** @default the default of Snapstream */
  readonly transactionMs?: number
  /** Whether each message has several outputs, to two topics, and some become dead letters: see `outputs.ts`. @default false */
  readonly several?: boolean
  /** Counts the records of each key in a store, and writes the count beside the place: see `stores`. @default none */
  readonly store?: StorePlan
  /** Makes the worker a static member. */
  readonly groupInstanceId?: string
  /** The name of its connections. @default the default of Snapstream */
  readonly clientId?: string
  /** @default the default of Snapstream */
  readonly connectTimeoutMs?: number
}
