import type { DriverName } from '../worker-plan.ts'

export type SoakDriver = DriverName | 'memory'
export const SOAK_DRIVERS: readonly SoakDriver[] = ['memory', 'kafkajs', 'kafkats']

/** What a soaking process is told, as JSON in its first argument. */
export interface SoakPlan {
  readonly driver: SoakDriver
  /** Not looked at with memory. */
  readonly brokers: string
  readonly input: string
  readonly output: string
  readonly groupId: string
  /** How many messages go through, in as many rounds. */
  readonly messages: number
  readonly rounds: number
}

/** What it says when it is done: the line it ends with. */
export interface SoakReport {
  readonly samples: readonly Sample[]
  readonly handled: number
  /** From the first message to the last, without the samples, in ms. */
  readonly ms: number
  /** What is still there when its stream has ended and its topics are closed. */
  readonly leftovers: readonly string[]
}

/** What was in use when nothing was under way, after a full collection. */
export interface Sample {
  readonly messages: number
  /** On the heap, and in buffers outside of it. */
  readonly bytes: number
}
