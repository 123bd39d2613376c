import { parseArgs } from 'node:util'
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
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      minutes: { type: 'string' },
      short: { type: 'boolean', default: false },
      seed: { type: 'string' },
      input: { type: 'string' },
      keep: { type: 'boolean', default: false },
      planted: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  if (values.input !== undefined && positionals.length !== 1) throw new Error('--input takes one target: name it')
  if (values.short && values.minutes !== undefined) throw new Error('give --short or --minutes, not both')
  return {
    targets: positionals.length === 0 ? targets : positionals.map(targetNamed),
    ms: values.short ? SHORT_MS : (values.minutes === undefined ? 10 : positive('--minutes', values.minutes)) * 60_000,
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : whole('--seed', values.seed),
    input: values.input,
    keep: values.keep,
    planted: values.planted,
  }
}

function positive(option: string, text: string): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number
  throw new Error(`${option} takes a number above 0, got ${text}`)
}

function whole(option: string, text: string): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= 0) return number
  throw new Error(`${option} takes a whole number from 0, got ${text}`)
}
