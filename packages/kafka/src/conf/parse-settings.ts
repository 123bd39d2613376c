import { SnapstreamError, describe } from '@snapstream/core'
import { closestName, usage, warnOnce } from './usage.ts'
import { UNSUPPORTED, IGNORED } from './unsupported-settings.ts'
import { isSecret, reveal } from './secret.ts'
import { NAMES, OLD_NAMES, SETTINGS } from './setting-table.ts'
import type { SettingName, Settings } from './settings.ts'

/**
 * Checks settings, and turns each into its canonical name and form. A setting that is undefined counts as absent. Throws
 * `USAGE`.
 *
 * @param where the place of the settings, for messages
 */
export function parseSettings(given: unknown, where: string): Settings {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw usage(`${where} takes an object of settings, as in { brokers: 'localhost:9092' }; got ${describe(given)}`)
  const settings: { [N in SettingName]?: unknown } = {}
  const givenAs = new Map<SettingName, string>()
  for (const [alias, value] of Object.entries(given)) {
    const name = NAMES.get(alias)
    if (name === undefined) {
      refuseUnknown(alias, value, where)
      continue
    }
    if (value === undefined) continue
    const parsed = parseSetting(name, value, `${where}: ${alias}`)
    const before = givenAs.get(name)
    if (before !== undefined && !same(settings[name], parsed)) throw twoNames(before, alias, where)
    settings[name] = parsed
    givenAs.set(name, alias)
    const present = OLD_NAMES.get(alias)
    if (present !== undefined) warnOnce(`${where}: ${alias} is a deprecated name; use ${present}`)
  }
  return settings as Settings
}

/** Checks one setting, and returns it in its canonical form. Throws `USAGE`. @param what the name of the setting, for messages */
export function parseSetting(name: SettingName, value: unknown, what: string): unknown {
  const { expected, hidden } = SETTINGS[name]
  const parsed = SETTINGS[name].parse(value)
  if (parsed !== undefined) return parsed
  // The value may be an address with a password in it, as other systems have them.
  const concealed = hidden || isSecret(value) || (typeof value === 'string' && value.includes('@'))
  throw usage(`${what} takes ${expected}, got ${concealed ? withoutContent(value) : describe(value)}`)
}

/** A description of a value without its content. */
function withoutContent(value: unknown): string {
  if (isSecret(value)) return 'a secret'
  if (typeof value === 'string') return value === '' ? '""' : `a string of ${value.length} characters that is not shown`
  return value === null ? 'null' : `a value of type ${typeof value} that is not shown`
}

export function twoNames(one: string, other: string, where: string): SnapstreamError {
  return usage(`${where}: ${one} and ${other} are names of the same setting and have different values; leave one out`)
}

function refuseUnknown(alias: string, value: unknown, where: string): void {
  const unsupported = UNSUPPORTED.get(alias)
  if (unsupported !== undefined) {
    if (value === undefined || unsupported.harmless?.includes(value)) return
    throw usage(`${where}: leave out ${alias}: ${unsupported.reason}`)
  }
  if (IGNORED.has(alias)) {
    if (value !== undefined) warnOnce(`${where}: ${alias} has no effect here and is ignored`)
    return
  }
  const closest = closestName(alias, NAMES.keys())
  throw usage(
    `${where} has no setting ${alias}; ` +
      (closest === undefined ? `it takes ${Object.keys(SETTINGS).join(', ')}` : `did you mean ${closest}?`),
  )
}

export function same(a: unknown, b: unknown): boolean {
  if (isSecret(a) && isSecret(b)) return reveal(a) === reveal(b)
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
