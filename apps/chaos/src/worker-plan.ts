export type DriverName = 'kafkajs' | 'kafkats'
export const DRIVERS: readonly DriverName[] = ['kafkajs', 'kafkats']

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
  /** Makes the worker a static member. */
  readonly groupInstanceId?: string
  /** The name of its connections. @default the default of Snapstream */
  readonly clientId?: string
  /** @default the default of Snapstream */
  readonly connectTimeoutMs?: number
}
