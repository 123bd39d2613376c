import { Option } from 'commander'
import type { Command } from 'commander'
import type { ReadLetterFlags } from '../dlq/read-letters.ts'
import type { ReplayFlags } from '../dlq/replay-letters.ts'
import type { Ended } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { offset, pattern, refuseExcess, wholeNumber } from './arguments.ts'
import { connectionOptions } from './connection-options.ts'

export function dlqDefinition(root: Command, io: Io, ended: Ended): void {
  const dlq = root
    .command('dlq')
    .description('Lists, shows and replays the dead letters of a topic.')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES)
  const withChoice = (command: Command) =>
    connectionOptions(
      command
        .argument('<topic>', 'topic of the dead letters')
        .option('--code <code>', 'only letters with this error code, as DECODE_FAILED')
        .option('--from <topic>', 'only letters from this topic')
        .option('-k, --key-filter <pattern>', 'only letters whose key matches this regular expression', pattern)
        .option('-v, --val-filter <pattern>', 'only letters whose value matches this regular expression', pattern)
        .option('-n, --limit <count>', 'at most this many letters', wholeNumber(1))
        .option('--group <id>', 'group whose offsets tell which letters were replayed (default: <topic>.replay)')
        .option('--json', 'one JSON object per line'),
    )

  withChoice(
    dlq.command('list', { isDefault: true }).description('Lists the letters that were not replayed (the default).'),
  )
    .allowExcessArguments()
    .option('--all', 'also letters that were replayed')
    .action(async (topic: string, flags: ReadLetterFlags, command: Command) => {
      refuseExcess(command, dlq)
      const { listLetters } = await import('../dlq/list-letters.ts')
      ended(await listLetters(topic, flags, io))
    })
  withChoice(dlq.command('show').description('Shows letters in full: their errors, headers, keys and values.'))
    .option('--all', 'also letters that were replayed')
    .option('-o, --offset <offset>', 'only the letter at this offset', offset)
    .option('-p, --partition <number>', 'only letters in this partition', wholeNumber(0))
    .action(async (topic: string, flags: ReadLetterFlags) => {
      const { showLetters } = await import('../dlq/show-letters.ts')
      ended(await showLetters(topic, flags, io))
    })
  withChoice(dlq.command('replay').description('Sends letters back to the topics that they came from, unchanged.'))
    .option('--to <topic>', 'send all letters to this topic')
    .option('--target <topic...>', "send letters to these topics only (default: all but Kafka's own)")
    .option('--dry-run', 'only count: send and commit nothing')
    .addOption(choice('--others <action>', 'letters that are not chosen: keep or skip them', ['keep', 'pass'], 'keep'))
    .addOption(
      choice(
        '--foreign <action>',
        'letters without an origin, or with one outside of --target',
        ['stop', 'keep', 'pass'],
        'stop',
      ),
    )
    .addOption(choice('--place <partition>', 'by the key, or the original one', ['key', 'original'], 'key'))
    .addOption(
      choice('--timestamp <time>', 'the original one, or the time of the replay', ['original', 'now'], 'original'),
    )
    .action(async (topic: string, flags: ReplayFlags) => {
      const { replayLetters } = await import('../dlq/replay-letters.ts')
      ended(await replayLetters(topic, flags, io))
    })
}

function choice(flags: string, about: string, values: readonly string[], byDefault: string): Option {
  return new Option(flags, about).choices(values).default(byDefault)
}

const EXAMPLES = `
Examples:
  snapstream dlq list orders-dead -b localhost:29091
  snapstream dlq show orders-dead --offset 0
  snapstream dlq replay orders-dead --code DECODE_FAILED --dry-run
  snapstream dlq replay orders-dead --from orders --limit 100`
