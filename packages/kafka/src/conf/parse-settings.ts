import { SnapstreamError, describe } from '@snapstream/core'
import { closestName } from './closest-name.ts'
import { LEFT_OUT, NAMES, SETTINGS } from './setting-table.ts'
import type { SettingName, Settings } from './settings.ts'

/**
 * Checks settings as a person wrote them, and brings each under its one name. What is undefined counts as not given.
 * `where` names the place in error messages. Throws `USAGE`.
 */
export function parseSettings(given: unknown, where: string): Settings {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw usage(`${where} takes an object of settings, as in { brokers: 'localhost:9092' }; got ${describe(given)}`)
  const settings: { [N in SettingName]?: unknown } = {}
  const givenAs = new Map<SettingName, string>()
  for (const [alias, value] of Object.entries(given)) {
    const name = NAMES.get(alias)
    if (name === undefined) throw unknown(alias, where)
    if (value === undefined) continue
    const parsed = SETTINGS[name].parse(value)
    if (parsed === undefined) throw usage(`${where}: ${alias} takes ${SETTINGS[name].expected}, got ${describe(value)}`)
    const before = givenAs.get(name)
    if (before !== undefined && !same(settings[name], parsed))
      throw usage(`${where}: ${before} and ${alias} are two names of one setting and have different values; give one`)
    settings[name] = parsed
    givenAs.set(name, alias)
  }
  return settings as Settings
}

function unknown(alias: string, where: string): SnapstreamError {
  const reason = LEFT_OUT.get(alias)
  if (reason !== undefined) return usage(`${where}: leave ${alias} out: ${reason}`)
  const closest = closestName(alias, NAMES.keys())
  return usage(
    `${where} has no setting ${alias}; ` +
      (closest === undefined ? `it takes ${Object.keys(SETTINGS).join(', ')}` : `did you mean ${closest}?`),
  )
}

const same = (a: unknown, b: unknown) => a === b || JSON.stringify(a) === JSON.stringify(b)

function usage(message: string): SnapstreamError {
  return new SnapstreamError('USAGE', message)
}
