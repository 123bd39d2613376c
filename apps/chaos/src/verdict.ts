import type { Figures } from './figures.ts'
import type { Day, Promises } from './scenario.ts'
import type { DriverName } from './worker-plan.ts'

export interface Result extends Figures {
  readonly case: string
  readonly driver: DriverName
  readonly seed: number
  readonly seconds: number
  readonly rate: number
  /** The promises that did not hold, in words. */
  readonly broken: readonly string[]
}

/** All figures at zero: the defaults of a trial. */
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

/** The promises that the figures break, after `problems`, which no figure shows (a worker that ended by itself). */
export function brokenPromises(figures: Figures, promises: Promises, problems: readonly string[]): readonly string[] {
  const { duplicates, staleMs = 0, stallMs, ownStallMs, recoveryMs, readerStallMs, rebalances, counted = 1 } = promises
  const broken = [...problems]
  const zero = (what: string, count: number) => count > 0 && broken.push(`${count} ${what}`)
  const atMost = (what: string, measured: number, limit: number | undefined) =>
    limit !== undefined && measured > limit && broken.push(`${what}: ${Math.round(measured)}, at most ${limit}`)
  zero('lost', figures.lost)
  zero('out of order', figures.outOfOrder)
  zero('in the output but not in the input', figures.strange)
  zero('commits moved back', figures.commitsMovedBack)
  if (staleMs === 0) {
    zero('handlings overlap', figures.overlapping)
    zero('handled by a second worker although the first was undisturbed', figures.unexplained)
  } else atMost('ms in which a worker handled records of partitions that it had lost', figures.staleMs, staleMs)
  if (duplicates === 'none') zero('duplicated', figures.duplicated)
  if (duplicates === 'uncommitted') {
    atMost('duplicated', figures.duplicated, figures.uncommitted)
    zero('duplicated although no kill came before their commit', figures.unexplainedCopies)
  }
  atMost('ms without a handled record', figures.longestStallMs, stallMs)
  atMost('ms without a handled record of a kept partition', figures.ownStallMs, ownStallMs)
  atMost('ms until every partition was handled again', figures.recoveryMs, recoveryMs)
  atMost('ms without a record for a reader of the output', figures.readerStallMs ?? 0, readerStallMs)
  atMost('rebalances', figures.rebalances, rebalances)
  if (figures.killsCounted < counted)
    broken.push(
      `${figures.killsCounted} of ${figures.kills} kills counted, ${counted} are required: the run proves too little`,
    )
  if (figures.produced === 0) broken.push('no record was produced: the run proves nothing')
  return broken
}

/** The promises of a case for a run of `seconds`: a shorter run requires fewer kills. */
export function promisesFor({ promises, seconds: full }: Pick<Day, 'promises' | 'seconds'>, seconds: number): Promises {
  const { counted = 1 } = promises
  return { ...promises, counted: Math.min(counted, Math.max(1, Math.floor((counted * seconds) / full))) }
}
