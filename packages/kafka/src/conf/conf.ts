import { settingsFromEnv } from './from-env.ts'
import type { Environment } from './from-env.ts'
import type { KafkaConf } from './kafka-conf.ts'
import { mergeSettings } from './settings.ts'
import { parseSettings } from './parse-settings.ts'
import type { Settings } from './settings.ts'
import { forgetWarnings } from './usage.ts'

// Module state on purpose: these are the defaults for every topic of the process.
let defaults: Settings = {}

/**
 * Sets defaults for all topics of the process. A topic reads them when it opens, so `Conf` and `Topic` can be called in any
 * order. Settings in `conf` of a topic have precedence, and a later call of `Conf` is merged over earlier ones.
 *
 * Throws `USAGE` for a setting that does not exist and for a value of the wrong type.
 *
 * @example
 * Conf({ brokers: 'localhost:29091', groupId: 'orders' })
 */
export function Conf(conf: KafkaConf): void {
  defaults = mergeSettings(defaults, parseSettings(conf, 'Conf'))
}

/**
 * Reads settings from environment variables, for `Conf` or for `conf` of a topic, without setting them. A variable has the name
 * of a setting, or one of Kafka's dotted names, in capitals: `KAFKA_BOOTSTRAP_SERVERS`, `KAFKA_SASL_PASSWORD`,
 * `KAFKA_LINGER_MS`. A variable that ends in `_FILE` holds the path of a file with the value, such as a mounted secret; one
 * line end at the end of the file is dropped. An empty variable counts as absent.
 *
 * Throws `USAGE` for a value of the wrong type, for a file that cannot be read or is empty, and for a variable that looks
 * like a misspelt setting. Other variables with the prefix are named in one warning, as other programs may use them.
 *
 * @param prefix the beginning of the variables' names; default `'KAFKA_'`
 * @param env default `process.env`
 *
 * @example
 * Conf({ ...Conf.fromEnv(), groupId: 'billing' })
 */
Conf.fromEnv = (prefix = 'KAFKA_', env: Environment = process.env): KafkaConf => settingsFromEnv(prefix, env)

/** Removes all defaults, and lets warnings be printed again. For tests. */
Conf.reset = (): void => {
  defaults = {}
  forgetWarnings()
}

/** The defaults that `Conf` has set so far. */
export function confDefaults(): Settings {
  return defaults
}
