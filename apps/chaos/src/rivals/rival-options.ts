import { byName, parseCommand, randomSeed, wholeNumber } from '@snapstream/program'
import type { Rival } from './rival.ts'
import { rivals } from './rivals.ts'

export const HELP = `The bad day of random-kill with other libraries, each judged by what it wrote: npm run rivals -- [name ...] [options]

Names (default: all)
${rivals.map(({ name, about }) => `  ${name.padEnd(19)} ${about}`).join('\n')}

Options
  --kills N      how many, one about every 8 s (default 10)
  --rate N       records a second (default 5000)
  --seed N       for whatever is left to chance (default a new one)
  --json FILE    also write the figures to a file, as JSON; - is stdout
  --help         this text

What is not here is installed to .cache/rivals when it is first asked for. A broker is started with Java 17.`

export interface RivalOptions {
  readonly chosen: readonly Rival[]
  readonly kills: number
  readonly rate: number
  readonly seed: number
  readonly json: string | undefined
}

/** Undefined: only help was asked for. Throws for what it does not know. */
export function parseRivalOptions(args: readonly string[]): RivalOptions | undefined {
  const command = parseCommand(args, {
    kills: { type: 'string' },
    rate: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'string' },
  })
  if (command === undefined) return undefined
  const { values, positionals } = command
  return {
    chosen: positionals.length === 0 ? rivals : positionals.map((name) => byName(rivals, 'rival', name)),
    kills: wholeNumber('--kills', values.kills, 10),
    rate: wholeNumber('--rate', values.rate, 5000),
    seed: wholeNumber('--seed', values.seed, randomSeed()),
    json: values.json,
  }
}
