import type { DriverName } from '../worker-plan.ts'

/** What a counting process is told, as JSON in its first argument. */
export interface CountingPlan {
  readonly brokers: string
  readonly driver: DriverName
  readonly topic: string
  /** Null: it reads all partitions without a group. */
  readonly groupId: string | null
  readonly folder: string
  readonly concurrency: number
  readonly checkpointMs: number
  /** How much may be buffered before a checkpoint has to come early. */
  readonly bufferBytes: number
  /** Whether its handler counts in a transaction, and also in a key that all partitions have in common. */
  readonly inTransactions: boolean
  /** Whether it ends at the end of the topic. */
  readonly untilEnd: boolean
}
