import { Option } from 'commander'
import type { Command } from 'commander'
import type { Io } from '../io.ts'
import type { Ended } from '../program.ts'
import { columns, pattern, wholeNumber } from './arguments.ts'

export interface CacheFlags {
  readonly keyFilter?: RegExp
  readonly valFilter?: RegExp
  readonly columns?: readonly string[]
  readonly prefix?: string
  readonly sub?: string
  readonly reverse?: boolean
  readonly limit?: number
  readonly json?: boolean
  readonly stats?: boolean
  readonly count?: boolean
}

/** Options that say which entries, and how they are shown. */
const OF_ENTRIES = ['keyFilter', 'valFilter', 'columns', 'limit', 'reverse', 'count']

export function cacheDefinition(root: Command, io: Io, ended: Ended): void {
  root
    .command('cache')
    .description('Shows the entries of a cache, in the order of their keys.')
    .argument('<path>', 'the folder of the cache')
    .option('-k, --key-filter <pattern>', 'only entries whose key matches a regular expression', pattern)
    .option('-v, --val-filter <pattern>', 'only entries whose value matches a regular expression', pattern)
    .option('-c, --columns <names>', 'only these fields of each value, as time,date,pk', columns)
    .option('--prefix <text>', 'only entries whose key is a text that begins so; the others are not read')
    .option('--sub <name>', 'those of a sub-cache')
    .option('-r, --reverse', 'from the last key to the first')
    .option('-n, --limit <count>', 'stop after so many entries', wholeNumber(1))
    .option('--json', 'one JSON object a line')
    .option('--count', 'only say how many entries there are')
    .addOption(
      new Option('--stats', 'how many entries there are and what they take, in place of the entries').conflicts(
        OF_ENTRIES,
      ),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: CacheFlags) => {
      const { cacheCommand } = await import('../cache/cache-command.ts')
      ended(await cacheCommand(path, flags, io))
    })
}

const EXAMPLES = `
Examples
  snapstream cache db/emoji
  snapstream cache db/totals --prefix a --reverse --limit 10
  snapstream cache db/orders -k '^ada' -c amount --json
  snapstream cache db/orders -v '"amount":19' --count
  snapstream cache db/orders --stats`
