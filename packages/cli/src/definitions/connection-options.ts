import { Option } from 'commander'
import type { Command } from 'commander'
import { gather } from './arguments.ts'

/** Adds the options of every command that connects to Kafka. */
export function connectionOptions(command: Command): Command {
  const options = [
    new Option('-b, --brokers <addresses>', 'addresses of brokers, host:port, separated by commas'),
    new Option('-X, --set <name=value>', 'another setting, as security.protocol=ssl (repeatable)').argParser(gather),
    new Option('--driver <name>', 'kafkajs (default), or kafkats if that package is installed'),
    new Option('--config <path>', 'configuration file (default: the nearest snapstream.config.json)'),
  ]
  for (const option of options) command.addOption(option.helpGroup('Connection to Kafka:'))
  return command
}
