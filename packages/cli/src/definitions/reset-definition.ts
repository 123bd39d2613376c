import type { Command } from 'commander'
import type { Ended } from '../exit-code.ts'
import type { Io } from '../io.ts'
import type { ResetFlags } from '../reset/reset-command.ts'
import { gather, notEmpty } from './arguments.ts'
import { connectionOptions } from './connection-options.ts'

export function resetDefinition(root: Command, io: Io, ended: Ended): void {
  connectionOptions(
    root
      .command('reset')
      .description(
        'Sets a group back to its beginning: its offsets, the changelogs of its stores, and their folder on this machine.',
      )
      .requiredOption('--group <id>', 'consumer group', notEmpty)
      .option('--store <name>', 'only the changelog and the parts of this store (repeatable; default: all)', gather)
      .option('--folder <path>', 'folder of the stores (default: state)', notEmpty)
      .option('--dry-run', 'only show what would be reset')
      .option('-y, --yes', 'do not ask')
      .option('--json', 'one JSON object per line; needs --yes or --dry-run'),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ResetFlags) => {
      const { resetCommand } = await import('../reset/reset-command.ts')
      ended(await resetCommand(flags, io))
    })
}

const EXAMPLES = `
The group must not have members: stop its programs first. Folders on other machines have to be removed there, with this
command or by hand; a folder that is older than its changelog is emptied when its program starts.

Examples:
  snapstream reset --group billing --dry-run
  snapstream reset --group billing --yes
  snapstream reset --group billing --store counts`
