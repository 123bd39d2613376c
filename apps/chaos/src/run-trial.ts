import { clock } from './clock.ts'
import { random } from '@snapstream/program'
import type { RunOptions } from './run-options.ts'
import type { Trial } from './scenario.ts'
import { brokenPromises, NOTHING } from './verdict.ts'
import type { Result } from './verdict.ts'

/** Runs a trial with one driver on new topics. A rejection is a problem of the trial, unless the run is interrupted. */
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
