import type { TrialOptions, TrialOutcome } from './trial.ts'
import type { World } from './world.ts'
import type { WorkerPlan } from './worker-plan.ts'

/** One bad day: what happens to workers and brokers while the load goes on. */
export interface Scenario {
  readonly name: string
  readonly about: string
  readonly cases: readonly Case[]
}

export type Case = Day | Trial

interface Common {
  readonly name: string
  /** Against three nodes of its own, which keep everything three times, instead of one broker. @default false */
  readonly cluster?: boolean
  readonly partitions: number
  /** Records a second. */
  readonly rate: number
  /** How long it lasts unless told otherwise, without the start and the end. */
  readonly seconds: number
  /** How long in the short form; undefined: it is not in it. */
  readonly shortSeconds?: number
}

/** Workers in processes of their own under a load that goes on, judged by what they leave behind. */
export interface Day extends Common {
  readonly worker: Partial<WorkerPlan>
  readonly promises: Promises
  /** Starts the workers and makes the day a bad one. The load is being fed before, meanwhile and afterwards. */
  run(world: World): Promise<void>
}

/** Reads as many records as a day would have, as fast as it can, and judges by itself. */
export interface Trial extends Common {
  attempt(options: TrialOptions): Promise<TrialOutcome>
}

/** What is promised beyond: nothing lost, nothing out of order, no commit moved back, no worker that ends by itself. */
export interface Promises {
  /** `'none'`; `'uncommitted'`: only what a killed worker had handled and not committed. @default any number */
  readonly duplicates?: 'none' | 'uncommitted'
  /** How long a worker that was paused or cut off may go on with what it held, in ms. @default 0 */
  readonly staleMs?: number
  /** The longest time without any progress, in ms. @default any */
  readonly stallMs?: number
  /** The longest time in which a worker that was well handled nothing of a partition that it kept, in ms. @default any */
  readonly ownStallMs?: number
  /** The longest time until every partition is handled again, in ms. @default any */
  readonly recoveryMs?: number
  /** How often the group may rebalance once it has settled. @default any number */
  readonly rebalances?: number
  /** Kills (or whatever the scenario does instead) that have to count in `seconds`; fewer when it lasts less. @default 1 */
  readonly counted?: number
}
