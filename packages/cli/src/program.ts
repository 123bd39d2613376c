import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { cacheDefinition } from './definitions/cache-definition.ts'
import { dlqDefinition } from './definitions/dlq-definition.ts'
import { topicDefinition } from './definitions/topic-definition.ts'
import { topicsDefinition } from './definitions/topics-definition.ts'
import type { ExitCode } from './exit-code.ts'
import type { Io } from './io.ts'

/** Told how a command ended. */
export type Ended = (code: ExitCode) => void

/** The command line, without anything of what the commands need to run. */
export function program(io: Io, ended: Ended): Command {
  const root = new Command('snapstream')
    .description('Looks into Kafka topics, groups, dead letters and caches, and writes to topics.')
    .version(version(), '-V, --version', 'the version of this command')
    .helpOption('-h, --help', 'this text')
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'snapstream: ')),
    })
    .exitOverride()
    .addHelpText('after', EXAMPLES)
  const commands = [topicDefinition, topicsDefinition, cacheDefinition, dlqDefinition]
  for (const define of commands) define(root, io, ended)
  return root
}

const EXAMPLES = `
Examples
  snapstream topic emoji -b localhost:29091        what is in a topic
  snapstream topics lag                            how far groups are behind
  snapstream cache db/emoji --limit 3              what is in a cache
  snapstream dlq list orders-dead                  what could not be handled

Each command has more: snapstream topic --help

Settings come from snapstream.config.json (in this folder, one above, or the home folder), then from variables
such as SNAPSTREAM_BROKERS, then from options. Exit codes: 0 well, 1 something failed, 2 wrong usage.`

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
