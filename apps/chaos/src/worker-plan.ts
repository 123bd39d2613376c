export type DriverName = 'kafkajs' | 'kafkats'
export const DRIVERS: readonly DriverName[] = ['kafkajs', 'kafkats']

/** What a worker process is told, as JSON in its first argument. */
export interface WorkerPlan {
  readonly brokers: string
  readonly driver: DriverName
  readonly input: string
  readonly output: string
  readonly groupId: string
  /** The file it logs each handling to. */
  readonly log: string
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** How long the handler takes; 0: it is synchronous. */
  readonly handleMs: number
  /** Up to this many keys of a partition at once. */
  readonly concurrency?: number
  /** @default that of Snapstream */
  readonly connectTimeoutMs?: number
}
