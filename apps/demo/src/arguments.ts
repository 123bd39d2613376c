import { parseArgs } from 'node:util'
import type { Example } from './examples/example.ts'

const DEFAULT_BROKER = 'localhost:29091'

export type Command =
  | { readonly kind: 'help' | 'list' }
  | { readonly kind: 'run'; readonly examples: readonly Example[]; readonly brokers: string | undefined }

/** What the command line asks for. Throws an Error that says what it takes. */
export function parseCommand(args: readonly string[], examples: readonly Example[]): Command {
  const { values, positionals } = parseArgs({
    args: withDefaultBroker(args, examples),
    allowPositionals: true,
    options: { kafka: { type: 'string' }, list: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) return { kind: 'help' }
  if (values.list) return { kind: 'list' }
  const chosen = positionals.map((name) => {
    const example = examples.find((one) => one.name === name)
    if (example) return example
    throw new Error(`there is no example '${name}'; there are ${examples.map((one) => one.name).join(', ')}`)
  })
  return { kind: 'run', examples: chosen.length > 0 ? chosen : examples, brokers: values.kafka }
}

/** `--kafka` may stand alone: the address is then the one that `npm run kafka` uses. */
function withDefaultBroker(args: readonly string[], examples: readonly Example[]): string[] {
  return args.map((arg, i) => {
    const next = args[i + 1]
    const alone = next === undefined || next.startsWith('-') || examples.some(({ name }) => name === next)
    return arg === '--kafka' && alone ? `--kafka=${DEFAULT_BROKER}` : arg
  })
}

export function helpText(examples: readonly Example[]): string {
  return `Runs the examples of the README: npm run demo -- [example ...] [options]

Examples (default: all of them)
${listText(examples)}

Options
  --kafka [address]  on a real broker, by default ${DEFAULT_BROKER} (npm run kafka starts one there);
                     without it on a broker in memory
  --list             name the examples
  --help             this text`
}

export function listText(examples: readonly Example[]): string {
  return examples.map(({ name, about }) => `  ${name.padEnd(17)}  ${about}`).join('\n')
}
