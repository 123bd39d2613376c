import type { Day, Promises } from './scenario.ts'
import type { DriverName } from './worker-plan.ts'

/** What was measured in one case with one driver. Durations are in ms. */
export interface Figures {
  readonly produced: number
  readonly handled: number
  readonly lost: number
  /** Of the lost, those that the group has committed. */
  readonly lostForGood: number
  readonly duplicated: number
  /** Of the duplicates, those of records that no killed worker had handled before they were committed. */
  readonly unexplainedCopies: number
  readonly outOfOrder: number
  /** Handlings that overlap with another worker's in the same partition. */
  readonly overlapping: number
  /** Records that a second worker handled though nothing had happened to the first. */
  readonly unexplained: number
  /** Infinite (null as JSON) if some of the unexplained have nothing to do with a lapse. */
  readonly staleMs: number
  readonly commitsMovedBack: number
  /** Records of the output that were never in the input. */
  readonly strange: number
  readonly rebalances: number
  readonly longestStallMs: number
  readonly partitionStallMs: number
  /** Of a partition that stayed with a worker to which nothing happened. */
  readonly ownStallMs: number
  readonly recoveryMs: number
  readonly kills: number
  readonly killsCounted: number
  /** The sum over all kills of what had been written and not committed. */
  readonly uncommitted: number
}

export interface Result extends Figures {
  readonly case: string
  readonly driver: DriverName
  readonly seed: number
  readonly seconds: number
  readonly rate: number
  /** Which promises did not hold, in words. Empty: all held. */
  readonly broken: readonly string[]
}

/** What a trial does not measure. */
export const NOTHING: Figures = {
  produced: 0,
  handled: 0,
  lost: 0,
  lostForGood: 0,
  duplicated: 0,
  unexplainedCopies: 0,
  outOfOrder: 0,
  overlapping: 0,
  unexplained: 0,
  staleMs: 0,
  commitsMovedBack: 0,
  strange: 0,
  rebalances: 0,
  longestStallMs: 0,
  partitionStallMs: 0,
  ownStallMs: 0,
  recoveryMs: 0,
  kills: 0,
  killsCounted: 0,
  uncommitted: 0,
}

/** The promises that the figures break. `problems` are those that have no figure: a worker that ended by itself. */
export function brokenPromises(figures: Figures, promises: Promises, problems: readonly string[]): readonly string[] {
  const { duplicates, staleMs = 0, stallMs, ownStallMs, recoveryMs, rebalances, counted = 1 } = promises
  const broken = [...problems]
  const zero = (what: string, count: number) => count > 0 && broken.push(`${count} ${what}`)
  const atMost = (what: string, measured: number, limit: number | undefined) =>
    limit !== undefined && measured > limit && broken.push(`${what}: ${Math.round(measured)}, at most ${limit}`)
  zero('lost', figures.lost)
  zero('out of order', figures.outOfOrder)
  zero('in the output that were never in the input', figures.strange)
  zero('commits moved back', figures.commitsMovedBack)
  if (staleMs === 0) {
    zero('handlings overlap', figures.overlapping)
    zero('handled by two workers though nothing had happened to the first', figures.unexplained)
  } else atMost('ms that a worker went on with what it did not own any more', figures.staleMs, staleMs)
  if (duplicates === 'none') zero('duplicated', figures.duplicated)
  if (duplicates === 'uncommitted') {
    atMost('duplicated', figures.duplicated, figures.uncommitted)
    zero('duplicated though no kill came before their commit', figures.unexplainedCopies)
  }
  atMost('ms without any progress', figures.longestStallMs, stallMs)
  atMost('ms without progress in what a worker kept', figures.ownStallMs, ownStallMs)
  atMost('ms until every partition was handled again', figures.recoveryMs, recoveryMs)
  atMost('rebalances', figures.rebalances, rebalances)
  if (figures.killsCounted < counted)
    broken.push(
      `${figures.killsCounted} of ${figures.kills} kills counted, ${counted} were needed: it proves too little`,
    )
  if (figures.produced === 0) broken.push('nothing was produced: it proves nothing')
  return broken
}

/** What a case promises when it lasts `seconds`: in less than its own time fewer things happen. */
export function promisesFor({ promises, seconds: full }: Pick<Day, 'promises' | 'seconds'>, seconds: number): Promises {
  const { counted = 1 } = promises
  return { ...promises, counted: Math.min(counted, Math.max(1, Math.floor((counted * seconds) / full))) }
}
