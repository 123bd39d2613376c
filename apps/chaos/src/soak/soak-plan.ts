import type { DriverName } from '../worker-plan.ts'

export type SoakDriver = DriverName | 'memory'
export const SOAK_DRIVERS: readonly SoakDriver[] = ['memory', 'kafkajs', 'kafkats']

/** The options of a soak process, passed as JSON in its first argument. */
export interface SoakPlan {
  readonly driver: SoakDriver
  /** Ignored with memory. */
  readonly brokers: string
  readonly input: string
  readonly output: string
  readonly groupId: string
  /** The number of messages over all rounds. */
  readonly messages: number
  readonly rounds: number
}

/** The result of a soak process, printed as its last line. */
export interface SoakReport {
  readonly samples: readonly Sample[]
  readonly handled: number
  /** The time from the first message to the last, without the samples, in ms. */
  readonly ms: number
  /** The resources that are left after the stream has ended and the topics are closed. */
  readonly leftovers: readonly string[]
}

/** The memory in use at rest, after a full garbage collection. */
export interface Sample {
  readonly messages: number
  /** On the heap and in external buffers. */
  readonly bytes: number
}
