import { numberAbove0, parseCommand, randomSeed, wholeNumber } from '@snapstream/program'
import type { Target } from './target.ts'
import { targetNamed, targets } from './targets.ts'

const SHORT_MS = 10_000

export const HELP = `Feeds mutated inputs to everything that takes bytes from outside: npm run fuzz -- [target ...] [options]

Targets (default: all, one after the other)
${targets.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join('\n')}

Options
  --minutes N    how long each target runs, after its corpus (default 10)
  --short        ${SHORT_MS / 1000} seconds each, as in .ci/run
  --seed N       for whatever is left to chance (default a new one; it is in the report)
  --input FILE   run one input, of one target, and nothing else
  --keep         add inputs that did something new to the corpus in apps/fuzz/corpus
  --planted      with the deliberate bug of each target: it has to be found
  --help         this text

An input fails when it throws what no caller expects, blocks the event loop for 100 ms, hangs, takes 200 MB or ends the
process. It is then written to .cache/fuzz, and the command ends with 1.`

export interface FuzzOptions {
  readonly targets: readonly Target[]
  readonly ms: number
  readonly seed: number
  readonly input: string | undefined
  readonly keep: boolean
  readonly planted: boolean
}

/** Undefined: only help was asked for. Throws for what it does not know. */
export function parseFuzzOptions(args: readonly string[]): FuzzOptions | undefined {
  const command = parseCommand(args, {
    minutes: { type: 'string' },
    short: { type: 'boolean', default: false },
    seed: { type: 'string' },
    input: { type: 'string' },
    keep: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
  })
  if (command === undefined) return undefined
  const { values, positionals } = command
  if (values.input !== undefined && positionals.length !== 1) throw new Error('--input takes one target: name it')
  if (values.short && values.minutes !== undefined) throw new Error('give --short or --minutes, not both')
  return {
    targets: positionals.length === 0 ? targets : positionals.map(targetNamed),
    ms: values.short ? SHORT_MS : numberAbove0('--minutes', values.minutes, 10) * 60_000,
    seed: wholeNumber('--seed', values.seed, randomSeed(), 0),
    input: values.input,
    keep: values.keep,
    planted: values.planted,
  }
}
