import { parseCommand, wholeNumber } from '@snapstream/program'
import type { Size } from './harness/arena.ts'
import type { Case, Suite } from './suite.ts'
import { suites } from './suites.ts'

export const HELP = `Measures Snapstream beside other libraries: npm run bench -- [full|tiny] [suite | suite/case ...] [options]

By default every case runs once, in under 5 minutes. full is the size of recorded results, and takes hours. tiny only shows
that all contestants run.

Suites (default: all)
${suites.map(({ name, about, cases }) => `  ${name.padEnd(9)} ${about}\n            ${cases.map((one) => one.name).join(', ')}`).join('\n')}

Options
  --rounds N   runs of each contestant, in turn (default: 1; with full: 5)
  --only TEXT  only contestants with this text in their names
  --json FILE  also write the results to a file as JSON; - is stdout
  --record     write apps/bench/results.json, RESULTS.md, the charts, and the figures in docs/scaling.md
  --check      only check that the work per message has not grown (.ci/run)
  --help       this text

Other libraries are installed to .cache at their first run; those that cannot be installed are listed. The benchmarks use
the broker at KAFKA_BROKERS, or start one with Java 17.`

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

/** Undefined for --help. Throws for an unknown option, suite or case. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const command = parseCommand(args, { texts: ['rounds', 'only', 'json'], switches: ['record', 'check'] })
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
  throw new Error(`unknown suite or case '${name}'; expected one of ${names.join(', ')}`)
}

function withOnly({ suite, case: one }: Choice, text: string): Choice {
  return { suite, case: { ...one, contestants: one.contestants.filter(({ name }) => name.includes(text)) } }
}

const hasSome = (choice: Choice) => choice.case.contestants.length > 0
