import { parseCommand, randomSeed, wholeNumber } from '@snapstream/program'
import type { Case } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { DRIVERS } from './worker-plan.ts'
import type { DriverName } from './worker-plan.ts'

const several = scenarios.filter(({ cases }) => cases.length > 1)

export const HELP = `Tests delivery under failures, with a real broker and real processes: npm run chaos -- [scenario ...] [options]

Scenarios (default: all)
${scenarios.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n')}

Single cases of a scenario
${several.map(({ cases }) => `  ${cases.map(({ name }) => `'${name}'`).join(', ')}`).join('\n')}

Options
  --driver NAME  ${DRIVERS.join(' or ')} (default both)
  --seed N       seed of the random numbers (default: a new one, shown in the report)
  --repeat N     run each case N times, each time with the next seed, and summarize it in a line (default 1)
  --seconds N    duration of each case (default: that of the case)
  --short        only the short cases, a few seconds each
  --json FILE    also write the results to a file as JSON; - is stdout
  --record       store the results in apps/chaos/results.json and update apps/chaos/RESULTS.md
  --help         print this text

Starts a broker with Java 17, and three for leader-kill. The exit code is 1 if a promise was broken.`

export interface Options {
  readonly cases: readonly Case[]
  readonly drivers: readonly DriverName[]
  /** The seed of the first run of each case; later runs count up from it. */
  readonly seed: number
  /** Runs per case. */
  readonly repeat: number
  readonly seconds: number | undefined
  readonly short: boolean
  readonly json: string | undefined
  readonly record: boolean
}

/** Returns undefined if the command line asks for help. Throws for an unknown option, scenario or driver. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const command = parseCommand(args, {
    texts: ['driver', 'seed', 'repeat', 'seconds', 'json'],
    switches: ['short', 'record'],
  })
  if (command === undefined) return undefined
  const { values, positionals } = command
  const chosen = positionals.length === 0 ? scenarios.flatMap(({ cases }) => cases) : positionals.flatMap(casesOf)
  return {
    cases: chosen.filter(({ shortSeconds }) => !values.short || shortSeconds !== undefined),
    drivers: values.driver === undefined ? DRIVERS : [driverNamed(values.driver)],
    seed: wholeNumber('--seed', values.seed, randomSeed(), 0),
    repeat: wholeNumber('--repeat', values.repeat, 1),
    seconds: wholeNumber('--seconds', values.seconds, undefined),
    short: values.short,
    json: values.json,
    record: values.record,
  }
}

function casesOf(name: string): readonly Case[] {
  const one = scenarios.flatMap(({ cases }) => cases).find((one) => one.name === name)
  // The first case of a scenario may have the same name; the name then selects the whole scenario.
  const found = scenarios.find((scenario) => scenario.name === name)?.cases ?? (one && [one])
  if (found) return found
  throw new Error(
    `unknown scenario '${name}'; expected one of ${scenarios.map((scenario) => scenario.name).join(', ')}`,
  )
}

function driverNamed(name: string): DriverName {
  const found = DRIVERS.find((one) => one === name)
  if (found) return found
  throw new Error(`--driver takes ${DRIVERS.join(' or ')}, got ${name}`)
}
