import type { Command } from 'commander'
import type { Io } from '../io.ts'
import { refuseExcess } from './arguments.ts'
import type { Ended } from '../program.ts'
import { connectionOptions } from './connection-options.ts'
import type { ConnectionFlags } from './connection-options.ts'

export interface TopicsFlags extends ConnectionFlags {
  readonly json?: boolean
}

export function topicsDefinition(root: Command, io: Io, ended: Ended): void {
  const topics = root
    .command('topics')
    .description('Lists and describes topics, and says how far groups are behind.')
    .addHelpText('after', EXAMPLES)
  const withJson = (command: Command) => connectionOptions(command).option('--json', 'one JSON object a line')

  withJson(
    topics.command('list', { isDefault: true }).description('The names of all topics (also without the word list).'),
  )
    .allowExcessArguments()
    .action(async (flags: TopicsFlags, command: Command) => {
      refuseExcess(command, topics)
      const { listTopics } = await import('../topics/list-topics.ts')
      ended(await listTopics(flags, io))
    })
  withJson(
    topics
      .command('describe')
      .description('The partitions of a topic, and the offsets that are in them.')
      .argument('<name>', 'the name of the topic'),
  ).action(async (name: string, flags: TopicsFlags) => {
    const { describeTopic } = await import('../topics/describe-topic.ts')
    ended(await describeTopic(name, flags, io))
  })
  withJson(
    topics
      .command('lag')
      .description('Where groups are in each partition, and how much they have yet to read.')
      .argument('[group]', 'one group; all of them without it'),
  ).action(async (group: string | undefined, flags: TopicsFlags) => {
    const { showLag } = await import('../topics/show-lag.ts')
    ended(await showLag(group, flags, io))
  })
}

const EXAMPLES = `
Examples
  snapstream topics -b localhost:29091
  snapstream topics describe orders
  snapstream topics lag
  snapstream topics lag totals --json`
