import { Option } from 'commander'
import type { Command } from 'commander'
import type { Io } from '../io.ts'
import type { Ended } from '../program.ts'
import { offset, pattern, refuseExcess, wholeNumber } from './arguments.ts'
import { connectionOptions } from './connection-options.ts'
import type { ConnectionFlags } from './connection-options.ts'

/** Which dead letters. */
export interface DlqFlags extends ConnectionFlags {
  readonly code?: string
  readonly from?: string
  readonly keyFilter?: RegExp
  readonly valFilter?: RegExp
  readonly limit?: number
  readonly group?: string
  readonly json?: boolean
  readonly all?: boolean
}

export interface DlqShowFlags extends DlqFlags {
  readonly offset?: number
  readonly partition?: number
}

export interface ReplayFlags extends DlqFlags {
  readonly to?: string
  readonly target?: readonly string[]
  readonly others?: 'keep' | 'pass'
  readonly foreign?: 'stop' | 'keep' | 'pass'
  readonly place?: 'key' | 'original'
  readonly timestamp?: 'original' | 'now'
  readonly dryRun?: boolean
}

export function dlqDefinition(root: Command, io: Io, ended: Ended): void {
  const dlq = root.command('dlq').description('Lists, shows and replays dead letters.').addHelpText('after', EXAMPLES)
  const withChoice = (command: Command) =>
    connectionOptions(
      command
        .argument('<topic>', 'the topic of dead letters')
        .option('--code <code>', 'only those of this error, as DECODE_FAILED')
        .option('--from <topic>', 'only those that failed in this topic')
        .option('-k, --key-filter <pattern>', 'only those whose key matches a regular expression', pattern)
        .option('-v, --val-filter <pattern>', 'only those whose value matches a regular expression', pattern)
        .option('-n, --limit <count>', 'at most so many', wholeNumber(1))
        .option('--group <id>', 'the group that remembers what was replayed (default: the topic and .replay)')
        .option('--json', 'JSON objects, one a line'),
    )

  withChoice(dlq.command('list', { isDefault: true }).description('A line for each dead letter that waits.'))
    .allowExcessArguments()
    .option('--all', 'also those that were replayed')
    .action(async (topic: string, flags: DlqFlags, command: Command) => {
      refuseExcess(command, dlq)
      const { listLetters } = await import('../dlq/list-letters.ts')
      ended(await listLetters(topic, flags, io))
    })
  withChoice(dlq.command('show').description('Dead letters in full: why they failed, their headers, key and value.'))
    .option('--all', 'also those that were replayed')
    .option('-o, --offset <offset>', 'only the one at this offset', offset)
    .option('-p, --partition <number>', 'only those in this partition', wholeNumber(0))
    .action(async (topic: string, flags: DlqShowFlags) => {
      const { showLetters } = await import('../dlq/show-letters.ts')
      ended(await showLetters(topic, flags, io))
    })
  withChoice(dlq.command('replay').description('Sends dead letters back where they came from, as they were.'))
    .option('--to <topic>', 'all to this topic in place of where they came from')
    .option('--target <topic...>', 'only to these topics (default: any but those of Kafka itself)')
    .option('--dry-run', 'only count; send and commit nothing')
    .addOption(choice('--others <what>', 'what becomes of those that are not chosen', ['keep', 'pass'], 'keep'))
    .addOption(
      choice(
        '--foreign <what>',
        'those that do not say where from, or may not go there',
        ['stop', 'keep', 'pass'],
        'stop',
      ),
    )
    .addOption(choice('--place <what>', 'the partition of their key, or the one they had', ['key', 'original'], 'key'))
    .addOption(choice('--timestamp <what>', 'the timestamp they get', ['original', 'now'], 'original'))
    .action(async (topic: string, flags: ReplayFlags) => {
      const { replayLetters } = await import('../dlq/replay-letters.ts')
      ended(await replayLetters(topic, flags, io))
    })
}

function choice(flags: string, about: string, words: readonly string[], byDefault: string): Option {
  return new Option(flags, about).choices(words).default(byDefault)
}

const EXAMPLES = `
Examples
  snapstream dlq list orders-dead -b localhost:29091
  snapstream dlq show orders-dead --offset 0
  snapstream dlq replay orders-dead --code DECODE_FAILED --dry-run
  snapstream dlq replay orders-dead --from orders --limit 100`
