import { Option } from 'commander'
import type { Command } from 'commander'
import type { Io } from '../io.ts'
import type { Ended } from '../program.ts'
import { columns, notEmpty, offset, pattern, since, wholeNumber } from './arguments.ts'
import { connectionOptions } from './connection-options.ts'
import type { ConnectionFlags } from './connection-options.ts'

export interface TopicFlags extends ConnectionFlags {
  readonly offset?: number
  readonly last?: number
  readonly since?: number
  readonly partition?: number
  readonly keyFilter?: RegExp
  readonly valFilter?: RegExp
  readonly columns?: readonly string[]
  readonly schema?: string
  readonly registry?: string
  readonly limit?: number
  readonly follow?: boolean
  readonly json?: boolean
  readonly count?: boolean
  readonly produce?: boolean
  readonly keySeparator?: string
  readonly maxLineBytes?: number
}

/** Options that mean nothing where records are written. */
const OF_READING = ['offset', 'last', 'since', 'keyFilter', 'valFilter', 'columns', 'limit', 'follow', 'count']

export function topicDefinition(root: Command, io: Io, ended: Ended): void {
  connectionOptions(
    root
      .command('topic')
      .description('Shows the records of a topic, without a group and without committing; or writes to it.')
      .argument('<name>', 'the name of the topic')
      .addOption(
        new Option('-o, --offset <offset>', 'where to start: -2 the earliest, -1 the latest (and wait), or an offset')
          .argParser(offset)
          .conflicts(['last', 'since']),
      )
      .addOption(
        new Option('--last <count>', 'the last so many records').argParser(wholeNumber(1)).conflicts(['since']),
      )
      .option('--since <time>', 'records since then: 90s, 15m, 2h, 7d ago, or 2026-01-31T12:00:00Z', since)
      .option('-p, --partition <number>', 'only this partition', wholeNumber(0))
      .option('-k, --key-filter <pattern>', 'only records whose key matches a regular expression', pattern)
      .option('-v, --val-filter <pattern>', 'only records whose value matches a regular expression', pattern)
      .option('-c, --columns <names>', 'only these fields of each value, as time,date,pk', columns)
      .option('-s, --schema <path>', 'an .avsc file: values are Avro')
      .option('--registry <url>', 'a schema registry: values are Avro or JSON that names its schema there')
      .option('-n, --limit <count>', 'stop after so many records', wholeNumber(1))
      .option('-f, --follow', 'wait for more at the end')
      .option('--json', 'one JSON object a line')
      .option('--count', 'only say how many records there are')
      .addOption(new Option('--produce', 'write what comes on standard input, one record a line').conflicts(OF_READING))
      .addOption(
        new Option('--key-separator <text>', 'with --produce: what stands between key and value')
          .argParser(notEmpty)
          .conflicts('json'),
      )
      .option(
        '--max-line-bytes <count>',
        'with --produce: the longest line there may be (default: 64 MiB)',
        wholeNumber(1),
      ),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, flags: TopicFlags, command: Command) => {
      const ofProducing = [
        flags.keySeparator === undefined ? '' : '--key-separator',
        flags.maxLineBytes === undefined ? '' : '--max-line-bytes',
      ]
      const misplaced = flags.produce ? undefined : ofProducing.find((option) => option !== '')
      if (misplaced !== undefined) command.error(`error: option '${misplaced}' needs --produce`)
      if (flags.produce) {
        const { produceCommand } = await import('../topic/produce-command.ts')
        ended(await produceCommand(name, flags, io))
      } else {
        const { topicCommand } = await import('../topic/topic-command.ts')
        ended(await topicCommand(name, flags, io))
      }
    })
}

const EXAMPLES = `
Without --offset, --last and --since it starts at the earliest record, with --follow behind the latest.

Examples
  snapstream topic emoji -b localhost:29091
  snapstream topic emoji --last 3 --follow
  snapstream topic orders --since 2h -s order.avsc -k '^ada' -c customer,amount
  snapstream topic orders --json | jq .key
  echo 'ada=7' | snapstream topic totals --produce --key-separator =`
