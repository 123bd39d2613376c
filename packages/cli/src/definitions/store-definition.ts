import type { Command } from 'commander'
import type { Ended } from '../exit-code.ts'
import type { Io } from '../io.ts'
import type { EntriesFlags } from '../store/show-entries.ts'
import type { GetFlags } from '../store/get-entry.ts'
import type { ListFlags } from '../store/list-stores.ts'
import { columns, notEmpty, pattern, refuseExcess, wholeNumber } from './arguments.ts'
import { connectionOptions } from './connection-options.ts'

export function storeDefinition(root: Command, io: Io, ended: Ended): void {
  const store = root
    .command('store')
    .description('Lists stores, and shows their entries. Changes nothing.')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES)
  const withPlace = (command: Command) =>
    command
      .option('--folder <path>', 'folder of the stores (default: state)', notEmpty)
      .option('--group <id>', 'consumer group (default: the one of the folder, if it has one only)', notEmpty)
      .option('--json', 'one JSON object per line')
  const withSource = (command: Command) =>
    connectionOptions(
      withPlace(command)
        .option('--changelog', 'read the changelog topic in place of the folder; needs --group')
        .option('-p, --partition <number>', 'only the part of this partition', wholeNumber(0)),
    )

  withPlace(
    store
      .command('list', { isDefault: true })
      .description('Lists the parts of the stores in a folder, with their changelog offsets (the default).'),
  )
    .option('--count', 'also count the entries, which reads all keys')
    .allowExcessArguments()
    .action(async (flags: ListFlags, command: Command) => {
      refuseExcess(command, store)
      const { listStores } = await import('../store/list-stores.ts')
      ended(await listStores(flags, io))
    })
  withSource(
    store
      .command('get')
      .description('Shows the value of a key. Exit code 1 if no part has it.')
      .argument('<store>', 'name of the store')
      .argument('<key>', 'the key, a text'),
  )
    .option('--json-key', 'the key is JSON: 7 or true')
    .action(async (name: string, key: string, flags: GetFlags) => {
      const { getEntry } = await import('../store/get-entry.ts')
      ended(await getEntry(name, key, flags, io))
    })
  withSource(
    store
      .command('entries')
      .description('Shows entries of a store: part by part, in the order of their keys.')
      .argument('<store>', 'name of the store'),
  )
    .option('-k, --key-filter <pattern>', 'only entries whose key matches this regular expression', pattern)
    .option('-v, --val-filter <pattern>', 'only entries whose value matches this regular expression', pattern)
    .option('-c, --columns <names>', 'only these fields of each value, separated by commas', columns)
    .option('--prefix <text>', 'only entries whose key begins with this text; other entries are not read')
    .option('-n, --limit <count>', 'at most this many entries (default: 100)', wholeNumber(1))
    .option('--all', 'all entries')
    .option('--count', 'only the number of entries')
    .action(async (name: string, flags: EntriesFlags, command: Command) => {
      if (flags.all && flags.limit !== undefined)
        command.error("error: options '--all' and '--limit' exclude each other")
      const { showEntries } = await import('../store/show-entries.ts')
      ended(await showEntries(name, flags, io))
    })
}

const EXAMPLES = `
A program may have the folder open meanwhile. It shows what the last checkpoint wrote.

Examples:
  snapstream store list
  snapstream store get counts ada
  snapstream store entries counts --prefix a --limit 10
  snapstream store entries counts --group billing --changelog -b localhost:29091`
