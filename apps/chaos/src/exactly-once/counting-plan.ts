import type { DriverName } from '../worker-plan.ts'

/** The options of a counting process, passed as JSON in its first argument. */
export interface CountingPlan {
  readonly brokers: string
  readonly driver: DriverName
  readonly topic: string
  /** Null: reads all partitions without a group. */
  readonly groupId: string | null
  readonly folder: string
  readonly concurrency: number
  readonly checkpointMs: number
  /** The buffered bytes that cause an early checkpoint. */
  readonly bufferBytes: number
  /** Whether the handler counts in a transaction, which also updates keys that all partitions share. */
  readonly inTransactions: boolean
  /** Whether the process ends at the end of the topic. */
  readonly untilEnd: boolean
}
