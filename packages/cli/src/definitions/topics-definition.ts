import type { Command } from 'commander'
import type { Ended } from '../exit-code.ts'
import type { Io } from '../io.ts'
import type { TopicsFlags } from '../topics/topics-commands.ts'
import { refuseExcess } from './arguments.ts'
import { connectionOptions } from './connection-options.ts'

export function topicsDefinition(root: Command, io: Io, ended: Ended): void {
  const topics = root
    .command('topics')
    .description('Lists topics, describes one, and shows the lag of groups.')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES)
  const withJson = (command: Command) => connectionOptions(command).option('--json', 'one JSON object per line')

  withJson(topics.command('list', { isDefault: true }).description('Lists the names of all topics (the default).'))
    .allowExcessArguments()
    .action(async (flags: TopicsFlags, command: Command) => {
      refuseExcess(command, topics)
      const { listTopics } = await import('../topics/topics-commands.ts')
      ended(await listTopics(flags, io))
    })
  withJson(
    topics
      .command('describe')
      .description('Shows the partitions of a topic with their replicas and offsets.')
      .argument('<name>', 'name of the topic'),
  ).action(async (name: string, flags: TopicsFlags) => {
    const { describeTopic } = await import('../topics/topics-commands.ts')
    ended(await describeTopic(name, flags, io))
  })
  withJson(
    topics
      .command('lag')
      .description('Shows the committed offset and the lag of groups in each partition.')
      .argument('[group]', 'id of a group (default: all groups)'),
  ).action(async (group: string | undefined, flags: TopicsFlags) => {
    const { showLag } = await import('../topics/topics-commands.ts')
    ended(await showLag(group, flags, io))
  })
}

const EXAMPLES = `
Examples:
  snapstream topics -b localhost:29091
  snapstream topics describe orders
  snapstream topics lag
  snapstream topics lag totals --json`
