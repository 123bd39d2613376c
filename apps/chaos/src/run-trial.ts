import { clock } from './clock.ts'
import { random } from '@snapstream/program'
import type { RunOptions } from './run-options.ts'
import type { Trial } from './scenario.ts'
import { brokenPromises } from './verdict.ts'
import type { Figures, Result } from './verdict.ts'

/** What a trial does not measure. */
const NOTHING: Figures = {
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

/** Runs a trial with one driver, on topics of its own. What it rejects with is a problem, unless it was interrupted. */
export async function runTrial(trial: Trial, options: RunOptions): Promise<Result> {
  const { brokers, driver, seed, seconds, signal } = options
  const { name, partitions, rate } = trial
  const id = `${name.replaceAll(' ', '-')}-${driver}-${seed}-${Math.round(clock())}`
  const log = (line: string) => options.log(`${name} ${driver}: ${line}`)
  const given = { driver, id, partitions, records: rate * seconds, random: random(seed), signal, log }
  const from = clock()
  const { figures, problems } = await trial
    .attempt({ ...given, addresses: brokers.addresses })
    .catch((error: unknown) => {
      signal.throwIfAborted()
      return { figures: {}, problems: [error instanceof Error ? error.message : String(error)] }
    })
  const all = { ...NOTHING, ...figures }
  const broken = brokenPromises(all, { duplicates: 'none' }, problems)
  for (const problem of broken) log(`BROKEN: ${problem}`)
  log(`done in ${((clock() - from) / 1000).toFixed(1)} s`)
  return { case: name, driver, seed, seconds, rate, ...all, broken }
}
