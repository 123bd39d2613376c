import { parseArgs } from 'node:util'
import type { Example } from './examples/example.ts'

const DEFAULT_BROKER = 'localhost:29091'

export type Command =
  | { readonly kind: 'help' | 'list' }
  | { readonly kind: 'run'; readonly examples: readonly Example[]; readonly brokers: string | undefined }

/** Parses the command line. Throws an Error for an unknown option or example. */
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
    throw new Error(`unknown example '${name}'; the examples are ${examples.map((one) => one.name).join(', ')}`)
  })
  return {
    kind: 'run',
    examples: chosen.length > 0 ? chosen : examples.filter(({ isAlone }) => !isAlone),
    brokers: values.kafka,
  }
}

/** `--kafka` without an address means the address of `npm run kafka`. */
function withDefaultBroker(args: readonly string[], examples: readonly Example[]): string[] {
  return args.map((arg, i) => {
    const next = args[i + 1]
    const alone = next === undefined || next.startsWith('-') || examples.some(({ name }) => name === next)
    return arg === '--kafka' && alone ? `--kafka=${DEFAULT_BROKER}` : arg
  })
}

export function helpText(examples: readonly Example[]): string {
  return `Runs the examples of the README: npm run demo -- [example ...] [options]

Examples (default: all that take no longer than a moment)
${listText(examples)}

Options
  --kafka [address]  run on a Kafka broker, by default at ${DEFAULT_BROKER} (npm run kafka starts it);
                     without this option the examples run on a broker in memory
  --list             list the examples
  --help             print this help`
}

export function listText(examples: readonly Example[]): string {
  return examples.map(({ name, about }) => `  ${name.padEnd(17)}  ${about}`).join('\n')
}
