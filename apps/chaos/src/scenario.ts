import type { TrialOptions, TrialOutcome } from './trial.ts'
import type { World } from './world.ts'
import type { WorkerPlan } from './worker-plan.ts'

/** A kind of failure that workers and brokers suffer while the load goes on. */
export interface Scenario {
  readonly name: string
  readonly about: string
  readonly cases: readonly Case[]
}

export type Case = Day | Trial

interface Common {
  readonly name: string
  /** Runs against a new cluster of three nodes with three replicas instead of the shared broker. @default false */
  readonly cluster?: boolean
  /** Runs against a broker of its own with this `transaction.version`. @default that of the shared broker: 2 */
  readonly transactionVersion?: 1
  readonly partitions: number
  /** Records a second. */
  readonly rate: number
  /** The default duration, without start and end. */
  readonly seconds: number
  /** The duration in the short form. Undefined: the short form leaves the case out. */
  readonly shortSeconds?: number
}

/** Workers in separate processes under a steady load, judged afterwards by their logs and the topics. */
export interface Day extends Common {
  readonly worker: Partial<WorkerPlan>
  readonly promises: Promises
  /** The number of keys, a multiple of `partitions`. @default 20 a partition */
  readonly keys?: number
  /** Starts the workers and causes the failures. The load runs before, during and after the call. */
  run(world: World): Promise<void>
}

/** Processes as many records as a day, as fast as possible, and judges itself. */
export interface Trial extends Common {
  attempt(options: TrialOptions): Promise<TrialOutcome>
}

/**
 * The promises of a case, in addition to those of every case: no record is lost or out of order, no commit moves back, and no
 * worker ends by itself.
 */
export interface Promises {
  /** `'none'`, or `'uncommitted'`: only records that a killed worker had handled and not committed. @default any number */
  readonly duplicates?: 'none' | 'uncommitted'
  /** How long, in ms, a worker that was paused or cut off may still handle records of partitions that it lost. @default 0 */
  readonly staleMs?: number
  /**
   * Whether the workers may take their sessions for over on a busy machine, because they are short: they lose their partitions
   * then as if they had been cut off. @default false
   */
  readonly mayLose?: boolean
  /** The longest time without any handled record, in ms. @default any */
  readonly stallMs?: number
  /** The longest time, in ms, in which an undisturbed worker handled no record of a partition that it kept. @default any */
  readonly ownStallMs?: number
  /** The longest time from a failure until every partition is handled again, in ms. @default any */
  readonly recoveryMs?: number
  /** The longest time without a record of a key for a reader of an exactly-once output, in ms. @default any */
  readonly readerStallMs?: number
  /** How often the group may rebalance once it has settled. @default any number */
  readonly rebalances?: number
  /** Kills or other failures that have to count in `seconds`, reduced in proportion for a shorter run. @default 1 */
  readonly counted?: number
}
