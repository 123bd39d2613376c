import { parseCommand, randomSeed, wholeNumber } from '@snapstream/program'
import type { Case } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { DRIVERS } from './worker-plan.ts'
import type { DriverName } from './worker-plan.ts'

const several = scenarios.filter(({ cases }) => cases.length > 1)

export const HELP = `Proves delivery on bad days, with a real broker and real processes: npm run chaos -- [scenario ...] [options]

Scenarios (default: all)
${scenarios.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n')}

One case of a scenario
${several.map(({ cases }) => `  ${cases.map(({ name }) => `'${name}'`).join(', ')}`).join('\n')}

Options
  --driver NAME  ${DRIVERS.join(' or ')} (default both)
  --seed N       for whatever is left to chance (default a new one; it is in the report)
  --repeat N     each case N times in a row, each time with the next seed; a line sums each up at the end (default 1)
  --seconds N    how long each case lasts (default its own)
  --short        the cases of the short form, a few seconds each
  --json FILE    also write the results to a file, as JSON; - is stdout
  --record       keep the results in apps/chaos: results.json, and RESULTS.md beside those of other cases
  --help         this text

A broker is started with Java 17, and three for leader-kill. Ends with 1 if a promise was broken.`

export interface Options {
  readonly cases: readonly Case[]
  readonly drivers: readonly DriverName[]
  /** Of the first run of each case; the others have the next ones. */
  readonly seed: number
  /** How often each case runs. */
  readonly repeat: number
  readonly seconds: number | undefined
  readonly short: boolean
  readonly json: string | undefined
  readonly record: boolean
}

/** Undefined: only help was asked for. Throws for what it does not know. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const command = parseCommand(args, {
    driver: { type: 'string' },
    seed: { type: 'string' },
    repeat: { type: 'string' },
    seconds: { type: 'string' },
    short: { type: 'boolean', default: false },
    json: { type: 'string' },
    record: { type: 'boolean', default: false },
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
  // The first case of a scenario may have its name: all of them are meant.
  const found = scenarios.find((scenario) => scenario.name === name)?.cases ?? (one && [one])
  if (found) return found
  throw new Error(`there is no scenario '${name}'; there are ${scenarios.map((scenario) => scenario.name).join(', ')}`)
}

function driverNamed(name: string): DriverName {
  const found = DRIVERS.find((one) => one === name)
  if (found) return found
  throw new Error(`--driver takes ${DRIVERS.join(' or ')}, got ${name}`)
}
