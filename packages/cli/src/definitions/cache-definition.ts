import { Option } from 'commander'
import type { Command } from 'commander'
import type { CacheFlags } from '../cache/cache-command.ts'
import type { Ended } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { columns, pattern, wholeNumber } from './arguments.ts'

/** Options of entries, which --stats does not show. */
const OF_ENTRIES = ['keyFilter', 'valFilter', 'columns', 'limit', 'reverse', 'count']

export function cacheDefinition(root: Command, io: Io, ended: Ended): void {
  root
    .command('cache')
    .description('Shows the entries of a cache, in the order of their keys. Does not change the cache.')
    .argument('<path>', 'folder of the cache')
    .option('-k, --key-filter <pattern>', 'only entries whose key matches this regular expression', pattern)
    .option('-v, --val-filter <pattern>', 'only entries whose value matches this regular expression', pattern)
    .option('-c, --columns <names>', 'only these fields of each value, separated by commas', columns)
    .option('--prefix <text>', 'only entries whose key begins with this text; other entries are not read')
    .option('--sub <name>', 'entries of this sub-cache')
    .option('-r, --reverse', 'from the last key to the first')
    .option('-n, --limit <count>', 'at most this many entries', wholeNumber(1))
    .option('--json', 'one JSON object per line')
    .option('--count', 'only the number of entries')
    .addOption(new Option('--stats', 'only the number of entries and their size').conflicts(OF_ENTRIES))
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: CacheFlags) => {
      const { cacheCommand } = await import('../cache/cache-command.ts')
      ended(await cacheCommand(path, flags, io))
    })
}

const EXAMPLES = `
Examples:
  snapstream cache db/emoji
  snapstream cache db/totals --prefix a --reverse --limit 10
  snapstream cache db/orders -k '^ada' -c amount --json
  snapstream cache db/orders -v '"amount":19' --count
  snapstream cache db/orders --stats`
