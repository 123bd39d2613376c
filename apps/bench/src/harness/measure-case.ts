import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { CaseResult, ContestantResult, Machine } from '../results.ts'
import type { Case, Contestant, Figures, Suite, Trial } from '../suite.ts'
import type { Arena } from './arena.ts'
import type { Progress } from './progress.ts'
import { runContestant } from './run-contestant.ts'

export interface MeasureOptions {
  readonly arena: Arena
  readonly rounds: number
  readonly machine: Machine
  readonly progress: Progress
  readonly timeoutMs: number
}

interface Entry {
  readonly contestant: Contestant
  readonly rounds: Figures[]
  readonly voided: string[]
  command?: readonly string[]
  input?: object
  absent?: string
  wallMs: number
}

const worker = fileURLToPath(new URL('../worker.ts', import.meta.url))

/** Runs the contestants of a case in turn, A B C A B C, each time in a new process. */
export async function measureCase(suite: Suite, one: Case, options: MeasureOptions): Promise<CaseResult> {
  const { arena, machine } = options
  const shared = (await one.input?.(arena)) ?? {}
  const entries: Entry[] = []
  for (const contestant of chosen(one, arena)) entries.push(await ready(suite, one, contestant, shared, arena))
  for (let round = 1; round <= roundsOf(one, options.rounds); round++)
    for (const entry of entries.filter(({ absent }) => absent === undefined))
      await run(suite, one, round, entry, options)
  const name = { suite: suite.name, case: one.name }
  return { ...name, size: arena.size, at: new Date().toISOString(), machine, contestants: entries.map(resultOf) }
}

export const chosen = (one: Case, { size }: Pick<Arena, 'size'>) =>
  one.contestants.filter(({ fullOnly }) => !fullOnly || size === 'full')

export const roundsOf = ({ maxRounds = Infinity }: Case, rounds: number) => Math.min(rounds, maxRounds)

/** Reports contestants that cannot be installed on this machine; the others run. */
async function ready(suite: Suite, one: Case, contestant: Contestant, shared: object, arena: Arena): Promise<Entry> {
  const entry: Entry = { contestant, rounds: [], voided: [], wallMs: 0 }
  try {
    if ('command' in contestant) entry.command = await contestant.command(arena.log)
    else {
      await contestant.install?.(arena.log)
      entry.command = [process.execPath, ...process.execArgv, worker, suite.name, one.name, contestant.name]
    }
  } catch (error) {
    entry.absent = messageOf(error)
    arena.log(`ABSENT ${suite.name}/${one.name} ${contestant.name}: ${entry.absent}`)
    return entry
  }
  entry.input = { ...shared, ...(await contestant.input?.(arena)) }
  return entry
}

async function run(suite: Suite, one: Case, round: number, entry: Entry, options: MeasureOptions): Promise<void> {
  const { contestant, command = [], input = {} } = entry
  const title = `${suite.name}/${one.name} ${contestant.name}`
  options.progress.begins(title, round)
  const started = performance.now()
  let trial: Trial = { input: {} }
  try {
    trial = (await one.begin?.(input as never, options.arena)) ?? trial
    entry.rounds.push(await runContestant({ command, input, trial, timeoutMs: options.timeoutMs }))
  } catch (error) {
    entry.voided.push(`round ${round}: ${messageOf(error)}`)
    options.arena.log(`VOID ${title}, round ${round}: ${messageOf(error)}`)
  }
  // A failed cleanup does not void the run, but it is reported.
  await trial.end?.().catch((error: unknown) => options.arena.log(`${title}: ${messageOf(error)}`))
  entry.wallMs = Math.round(performance.now() - started)
  options.progress.ended(title, entry.wallMs)
}

function resultOf({ contestant, rounds, voided, absent, wallMs }: Entry): ContestantResult {
  const { name, settings } = contestant
  return {
    name,
    ...(settings === undefined ? {} : { settings }),
    ...(absent === undefined ? {} : { absent }),
    voided,
    rounds: rounds.map(rounded),
    wallMs,
  }
}

/** Six digits are more precise than the measurements. */
const rounded = (figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(6))]))

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
