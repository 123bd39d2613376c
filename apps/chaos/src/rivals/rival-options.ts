import { byName, parseCommand, randomSeed, wholeNumber } from '@snapstream/program'
import type { Rival } from './rival.ts'
import { rivals } from './rivals.ts'

export const HELP = `Runs the scenario random-kill with other libraries and judges their output: npm run rivals -- [name ...] [options]

Names (default: all)
${rivals.map(({ name, about }) => `  ${name.padEnd(22)} ${about}`).join('\n')}

Options
  --kills N      number of kills, one about every 8 s (default 10)
  --rate N       records a second (default 5000)
  --static       workers are static members, and a killed one comes back under its name
  --seed N       seed of the random numbers (default: a new one)
  --json FILE    also write the figures to a file as JSON; - is stdout
  --help         print this text

Installs each library to .cache/rivals at its first use. Starts a broker with Java 17.`

export interface RivalOptions {
  readonly chosen: readonly Rival[]
  readonly kills: number
  readonly rate: number
  readonly isStatic: boolean
  readonly seed: number
  readonly json: string | undefined
}

/** Returns undefined if the command line asks for help. Throws for an unknown option or library. */
export function parseRivalOptions(args: readonly string[]): RivalOptions | undefined {
  const command = parseCommand(args, { texts: ['kills', 'rate', 'seed', 'json'], switches: ['static'] })
  if (command === undefined) return undefined
  const { values, positionals } = command
  return {
    chosen: positionals.length === 0 ? rivals : positionals.map((name) => byName(rivals, 'rival', name)),
    kills: wholeNumber('--kills', values.kills, 10),
    rate: wholeNumber('--rate', values.rate, 5000),
    isStatic: values.static,
    seed: wholeNumber('--seed', values.seed, randomSeed()),
    json: values.json,
  }
}
