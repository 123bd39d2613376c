import type { KafkaConf } from './kafka-conf.ts'
import { mergeSettings } from './merge-settings.ts'
import { parseSettings } from './parse-settings.ts'
import type { Settings } from './settings.ts'
import { forgetWarnings } from './warn-once.ts'

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

/** Forgets all that was set, and which warnings were given: for tests. */
Conf.reset = (): void => {
  defaults = {}
  forgetWarnings()
}

/** What `Conf` has been given so far. */
export function confDefaults(): Settings {
  return defaults
}
