import { Option } from 'commander'
import type { Command } from 'commander'
import type { Ended } from '../exit-code.ts'
import type { Io } from '../io.ts'
import type { ProduceFlags } from '../topic/produce-command.ts'
import type { TopicFlags } from '../topic/topic-command.ts'
import { columns, notEmpty, offset, pattern, since, wholeNumber } from './arguments.ts'
import { connectionOptions } from './connection-options.ts'

interface Flags extends TopicFlags, ProduceFlags {
  readonly produce?: boolean
}

/** Options of reading, which --produce excludes. */
const OF_READING = ['offset', 'last', 'since', 'keyFilter', 'valFilter', 'columns', 'limit', 'follow', 'count']
/** Options that need --produce, by the names of their flags. */
const OF_PRODUCING = { keySeparator: '--key-separator', maxLineBytes: '--max-line-bytes' } as const

export function topicDefinition(root: Command, io: Io, ended: Ended): void {
  connectionOptions(
    root
      .command('topic')
      .description('Shows the records of a topic, without a group and without commits; or writes records to it.')
      .argument('<name>', 'name of the topic')
      .addOption(
        new Option('-o, --offset <offset>', 'start at this offset; -2: the earliest, -1: the latest, to wait for more')
          .argParser(offset)
          .conflicts(['last', 'since']),
      )
      .addOption(
        new Option('--last <count>', 'the last records of all partitions together')
          .argParser(wholeNumber(1))
          .conflicts(['since']),
      )
      .option('--since <time>', 'records from this time on: 90s, 15m, 2h or 7d ago, or 2026-01-31T12:00:00Z', since)
      .option('-p, --partition <number>', 'only this partition', wholeNumber(0))
      .option('-k, --key-filter <pattern>', 'only records whose key matches this regular expression', pattern)
      .option('-v, --val-filter <pattern>', 'only records whose value matches this regular expression', pattern)
      .option('-c, --columns <names>', 'only these fields of each value, separated by commas', columns)
      .option('-s, --schema <path>', 'schema of the values, an .avsc file of Avro')
      .option('--registry <url>', 'schema registry of the values, Avro or JSON')
      .option('-n, --limit <count>', 'at most this many records', wholeNumber(1))
      .option('-f, --follow', 'wait for more records at the end')
      .option('--json', 'one JSON object per line')
      .option('--count', 'only the number of records')
      .addOption(new Option('--produce', 'write standard input, one record per line').conflicts(OF_READING))
      .addOption(
        new Option('--key-separator <text>', 'with --produce: the text between key and value')
          .argParser(notEmpty)
          .conflicts('json'),
      )
      .option('--max-line-bytes <count>', 'with --produce: the most bytes of a line (default: 64 MiB)', wholeNumber(1)),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, flags: Flags, command: Command) => {
      if (flags.produce) {
        const { produceCommand } = await import('../topic/produce-command.ts')
        return ended(await produceCommand(name, flags, io))
      }
      for (const [flag, option] of Object.entries(OF_PRODUCING))
        if (flags[flag as keyof Flags] !== undefined) command.error(`error: option '${option}' needs --produce`)
      const { topicCommand } = await import('../topic/topic-command.ts')
      ended(await topicCommand(name, flags, io))
    })
}

const EXAMPLES = `
Without --offset, --last and --since, reading starts at the earliest record; with --follow, after the latest one.

Examples:
  snapstream topic emoji -b localhost:29091
  snapstream topic emoji --last 3 --follow
  snapstream topic orders --since 2h -s order.avsc -k '^ada' -c customer,amount
  snapstream topic orders --json | jq .key
  echo 'ada=7' | snapstream topic totals --produce --key-separator =`
