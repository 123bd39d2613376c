import { parseCommand, wholeNumber } from '@snapstream/program'
import type { Size } from './harness/arena.ts'
import type { Case, Suite } from './suite.ts'
import { suites } from './suites.ts'

export const HELP = `Measures Snapstream beside what people would use instead: npm run bench -- [full|tiny] [suite | suite/case ...] [options]

Without full it is quick: everything once, under 5 minutes. full is what is recorded; it takes hours. tiny shows only that
everything runs.

Suites (default: all)
${suites.map(({ name, about, cases }) => `  ${name.padEnd(9)} ${about}\n            ${cases.map((one) => one.name).join(', ')}`).join('\n')}

Options
  --rounds N   how often each contestant runs, in turn (default 1, with full 5)
  --only TEXT  only contestants with this in their name
  --json FILE  also write what was measured to a file, as JSON; - is stdout
  --record     keep it: apps/bench/results.json, RESULTS.md, charts, and the figures in docs/scaling.md
  --check      instead of all that: whether the work done for a message is no more than it was (.ci/run)
  --help       this text

Peers are installed to .cache when they are first asked for; what cannot be had here is told by name. A broker is started
with Java 17, or the one at KAFKA_BROKERS is used.`

interface Choice {
  readonly suite: Suite
  readonly case: Case
}

export interface Options {
  readonly size: Size
  readonly choices: readonly Choice[]
  readonly rounds: number
  readonly json: string | undefined
  readonly record: boolean
  readonly check: boolean
}

/** Undefined: only help was asked for. Throws for what it does not know. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const command = parseCommand(args, {
    rounds: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'string' },
    record: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  })
  if (command === undefined) return undefined
  const { values, positionals } = command
  const sizes = positionals.filter((word) => word === 'full' || word === 'tiny')
  const names = positionals.filter((word) => word !== 'full' && word !== 'tiny')
  if (sizes.length > 1) throw new Error(`one of full and tiny, got ${sizes.join(' ')}`)
  const [size = 'quick'] = sizes
  const { only, json, record, check } = values
  if (record && (size !== 'full' || only !== undefined))
    throw new Error('--record keeps what full measured of all contestants: npm run bench -- full --record')
  const choices = names.length === 0 ? named(undefined) : names.flatMap(named)
  return {
    size,
    choices: only === undefined ? choices : choices.map((choice) => withOnly(choice, only)).filter(hasSome),
    rounds: wholeNumber('--rounds', values.rounds, size === 'full' ? 5 : 1),
    json,
    record,
    check,
  }
}

/** The cases of a suite, one by its full name, or all of them. */
function named(name: string | undefined): readonly Choice[] {
  const all = suites.flatMap((suite) => suite.cases.map((one) => ({ suite, case: one })))
  const found = all.filter(({ suite, case: one }) =>
    [undefined, suite.name, `${suite.name}/${one.name}`].includes(name),
  )
  if (found.length > 0) return found
  const names = all.map(({ suite, case: one }) => `${suite.name}/${one.name}`)
  throw new Error(`there is no suite or case '${name}'; there are ${names.join(', ')}`)
}

function withOnly({ suite, case: one }: Choice, text: string): Choice {
  return { suite, case: { ...one, contestants: one.contestants.filter(({ name }) => name.includes(text)) } }
}

const hasSome = (choice: Choice) => choice.case.contestants.length > 0
