import { execFile } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Case, Suite } from './suite.ts'

/** Messages per second, by contestant, in the order of the rounds. */
export type Rates = ReadonlyMap<string, readonly number[]>

export interface MeasureOptions {
  readonly rounds: number
  readonly input: string
  log(line: string): void
}

const worker = fileURLToPath(new URL('worker.ts', import.meta.url))

/** Runs the contestants of a case in turn, A B C A B C, each time in a fresh process. */
export async function measure(suite: Suite, one: Case, { rounds, input, log }: MeasureOptions): Promise<Rates> {
  const rates = new Map<string, number[]>(one.contestants.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++)
    for (const { name } of one.contestants) {
      log(`${suite.name} ${one.name}: round ${round} of ${rounds}, ${name}`)
      const args = [...process.execArgv, worker, suite.name, one.name, name, input]
      const { stdout } = await promisify(execFile)(process.execPath, args)
      rates.get(name)?.push(Number(stdout))
    }
  return rates
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The ratios round by round: what slows one round down slows both sides of it. */
export function ratios(rates: Rates, of: string, to: string): number[] {
  const divisors = rates.get(to) ?? []
  return (rates.get(of) ?? []).map((rate, round) => rate / (divisors[round] ?? Number.NaN))
}
