import { settingsFromEnv } from './from-env.ts'
import type { Environment } from './from-env.ts'
import type { KafkaConf } from './kafka-conf.ts'
import { mergeSettings } from './settings.ts'
import { parseSettings } from './parse-settings.ts'
import type { Settings } from './settings.ts'
import { forgetWarnings } from './usage.ts'

// Module state is the purpose here: defaults for every topic of the process.
let defaults: Settings = {}

/**
 * Sets defaults for all topics of the process. They are looked at when a topic opens, so it does not matter whether
 * `Conf` or `Topic` is called first; `conf` of a topic goes before them, and a later call is merged over an earlier one.
 *
 * Throws `USAGE` for a name that is misspelt and a value of the wrong type.
 *
 * @example
 * Conf({ brokers: 'localhost:29091', groupId: 'orders' })
 */
export function Conf(conf: KafkaConf): void {
  defaults = mergeSettings(defaults, parseSettings(conf, 'Conf'))
}

/**
 * Settings from the environment, to be given to `Conf` or to a topic as its `conf`; nothing is set by reading them. Each is
 * a variable by its name, or by one of Kafka's dotted names, in capitals: `KAFKA_BOOTSTRAP_SERVERS`,
 * `KAFKA_SASL_PASSWORD`, `KAFKA_LINGER_MS`. With `_FILE` at its end a variable names a file, such as a mounted secret,
 * that has the value; a line end that closes the file is left out. An empty variable counts as not given.
 *
 * Throws `USAGE` for a value of the wrong type, a file that cannot be read or is empty, and a variable that looks like a
 * misspelt setting. Variables that look like none are named in one warning: other programs have variables of that prefix.
 *
 * @param prefix what the names of variables begin with; default `'KAFKA_'`
 * @param env default `process.env`
 *
 * @example
 * Conf({ ...Conf.fromEnv(), groupId: 'billing' })
 */
Conf.fromEnv = (prefix = 'KAFKA_', env: Environment = process.env): KafkaConf => settingsFromEnv(prefix, env)

/** Forgets all that was set, and which warnings were given: for tests. */
Conf.reset = (): void => {
  defaults = {}
  forgetWarnings()
}

/** What `Conf` has been given so far. */
export function confDefaults(): Settings {
  return defaults
}
