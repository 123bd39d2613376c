import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { cacheDefinition } from './definitions/cache-definition.ts'
import { dlqDefinition } from './definitions/dlq-definition.ts'
import { resetDefinition } from './definitions/reset-definition.ts'
import { storeDefinition } from './definitions/store-definition.ts'
import { topicDefinition } from './definitions/topic-definition.ts'
import { topicsDefinition } from './definitions/topics-definition.ts'
import type { Ended } from './exit-code.ts'
import type { Io } from './io.ts'

/** The definition of the command line. A command loads its own modules when it runs. */
export function program(io: Io, ended: Ended): Command {
  const root = new Command('snapstream')
    .description('Shows Kafka topics, groups, dead letters, caches and stores; writes to topics and resets groups.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'snapstream: ')),
    })
    .exitOverride()
    .addHelpText('after', EXAMPLES)
  const commands = [topicDefinition, topicsDefinition, cacheDefinition, storeDefinition, dlqDefinition, resetDefinition]
  for (const define of commands) define(root, io, ended)
  return root
}

const EXAMPLES = `
Examples:
  snapstream topic emoji -b localhost:29091        the records of a topic
  snapstream topics lag                            the lag of all groups
  snapstream cache db/emoji --limit 3              the first entries of a cache
  snapstream store entries counts                  the entries of a store
  snapstream dlq list orders-dead                  the dead letters of a topic
  snapstream reset --group billing --dry-run       what a reset of a group would remove

snapstream <command> --help describes the options of a command.

Settings come from snapstream.config.json (in the current folder, a folder above it, or the home folder), from
variables such as SNAPSTREAM_BROKERS, and from options. Options replace variables, and variables replace the file.

Exit codes: 0 success, 1 failure, 2 wrong usage or configuration, 130 interrupted.`

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
