import { byName, numberAbove0, parseCommand, randomSeed, wholeNumber } from '@snapstream/program'
import type { Target } from './target.ts'
import { targets } from './targets.ts'

const SHORT_MS = 10_000

export const HELP = `Feeds mutated inputs to the code that reads untrusted bytes: npm run fuzz -- [target ...] [options]

Targets (default: all)
${targets.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join('\n')}

Options
  --minutes N    duration of each target after its corpus (default 10)
  --short        ${SHORT_MS / 1000} seconds per target, as in .ci/run
  --seed N       seed of the random numbers (default: a new one, shown in the report)
  --input FILE   run only this input, with one target
  --keep         add inputs with a new outcome to the corpus in apps/fuzz/corpus
  --planted      enable the deliberate bug of each target and require that it is found
  --help         print this text

An input fails if it throws an unexpected error, blocks the event loop for 100 ms, hangs, takes 200 MB or ends the process.
The failed input is written to .cache/fuzz, and the exit code is 1.`

export interface FuzzOptions {
  readonly targets: readonly Target[]
  readonly ms: number
  readonly seed: number
  readonly input: string | undefined
  readonly keep: boolean
  readonly planted: boolean
}

/** Returns undefined if the command line asks for help. Throws for an unknown option or target. */
export function parseFuzzOptions(args: readonly string[]): FuzzOptions | undefined {
  const command = parseCommand(args, { texts: ['minutes', 'seed', 'input'], switches: ['short', 'keep', 'planted'] })
  if (command === undefined) return undefined
  const { values, positionals } = command
  if (values.input !== undefined && positionals.length !== 1) throw new Error('--input needs exactly one target')
  if (values.short && values.minutes !== undefined) throw new Error('give --short or --minutes, not both')
  return {
    targets: positionals.length === 0 ? targets : positionals.map((name) => byName(targets, 'target', name)),
    ms: values.short ? SHORT_MS : numberAbove0('--minutes', values.minutes, 10) * 60_000,
    seed: wholeNumber('--seed', values.seed, randomSeed(), 0),
    input: values.input,
    keep: values.keep,
    planted: values.planted,
  }
}
