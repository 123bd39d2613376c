import type { Command } from 'commander'
import { gather } from './arguments.ts'

/** How to reach Kafka, as options say it. */
export interface ConnectionFlags {
  readonly brokers?: string
  readonly driver?: string
  readonly config?: string
  readonly set?: readonly string[]
}

/** Options of every command that talks to Kafka. */
export function connectionOptions(command: Command): Command {
  return command
    .option('-b, --brokers <addresses>', 'host:port of the brokers, separated by commas')
    .option('-X, --set <name=value>', 'any other setting of Kafka, as security.protocol=ssl; several times', gather)
    .option('--driver <name>', 'kafkajs, or kafkats where that package is installed')
    .option('--config <path>', 'a configuration file in place of the snapstream.config.json that is found')
}
