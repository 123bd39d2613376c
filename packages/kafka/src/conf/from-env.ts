import { readFileSync } from 'node:fs'
import { toError } from '@snapstream/core'
import { closestName, usage, warnOnce } from './usage.ts'
import type { KafkaConf } from './kafka-conf.ts'
import { UNSUPPORTED, IGNORED } from './unsupported-settings.ts'
import { parseSetting, same, twoNames } from './parse-settings.ts'
import { NAMES, OLD_NAMES, SETTINGS } from './setting-table.ts'
import type { SettingName } from './settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables of brokers in containers, which look like misspelt settings. */
const OF_OTHERS = new Set(['BROKER_ID', 'SASL_ENABLED_MECHANISMS'])
const FROM_FILE = '_FILE'

/** The name of a variable without its prefix: `SASL_PASSWORD` for `saslPassword` and `sasl.password`. */
export function variableName(name: string): string {
  return name
    .replaceAll(/[a-z](?=[A-Z])/g, '$&_')
    .replaceAll('.', '_')
    .toUpperCase()
}

/** The names in the table of settings, by the name of the variable without its prefix. */
const VARIABLES: ReadonlyMap<string, string> = new Map(
  [...NAMES].filter(([, name]) => name !== 'driver').map(([alias]) => [variableName(alias), alias]),
)
const IGNORED_VARIABLES = new Set([...IGNORED].map((name) => variableName(name)))
const UNSUPPORTED_VARIABLES = new Map([...UNSUPPORTED].map(([name, left]) => [variableName(name), left]))

/** The settings in variables whose names begin with `prefix`. See `Conf.fromEnv`. */
export function settingsFromEnv(prefix: string, env: Environment): KafkaConf {
  const settings: { [N in SettingName]?: unknown } = {}
  const givenAs = new Map<SettingName, string>()
  const others: string[] = []
  for (const [variable, content] of Object.entries(env)) {
    if (!variable.startsWith(prefix) || content === undefined || content === '') continue
    const found = settingOf(variable.slice(prefix.length))
    if (found === undefined) {
      if (!isHarmless(variable.slice(prefix.length), content)) {
        refuseMisspelt(variable, prefix)
        others.push(variable)
      }
      continue
    }
    const { alias, name, inFile } = found
    const text = inFile ? readText(content, variable, SETTINGS[name].hidden ?? false) : content
    const parsed = parseSetting(name, SETTINGS[name].fromText?.(text) ?? text, variable)
    const before = givenAs.get(name)
    if (before !== undefined && !same(settings[name], parsed)) throw twoNames(before, variable, 'the environment')
    settings[name] = parsed
    givenAs.set(name, variable)
    const present = OLD_NAMES.get(alias)
    if (present !== undefined) warnOnce(`${variable} is a deprecated name; use ${prefix}${variableName(present)}`)
  }
  if (others.length > 0)
    warnOnce(`these environment variables are no settings and are ignored: ${others.toSorted().join(', ')}`)
  return settings as KafkaConf
}

function settingOf(rest: string): { alias: string; name: SettingName; inFile: boolean } | undefined {
  const inFile = !VARIABLES.has(rest) && rest.endsWith(FROM_FILE)
  const alias = VARIABLES.get(inFile ? rest.slice(0, -FROM_FILE.length) : rest)
  const name = alias === undefined ? undefined : NAMES.get(alias)
  return alias === undefined || name === undefined ? undefined : { alias, name, inFile }
}

function isHarmless(rest: string, content: string): boolean {
  return UNSUPPORTED_VARIABLES.get(rest)?.harmless?.includes(content) ?? false
}

function refuseMisspelt(variable: string, prefix: string): void {
  const rest = variable.slice(prefix.length)
  const unsupported = UNSUPPORTED_VARIABLES.get(rest)
  if (unsupported !== undefined) throw usage(`unset the variable ${variable}: ${unsupported.reason}`)
  if (rest === variableName('driver'))
    throw usage(`${variable}: a driver cannot be set by a variable; set it in code: Conf({ driver })`)
  if (OF_OTHERS.has(rest) || IGNORED_VARIABLES.has(rest)) return
  const inFile = rest.endsWith(FROM_FILE) ? FROM_FILE : ''
  const closest = closestName(inFile ? rest.slice(0, -FROM_FILE.length) : rest, VARIABLES.keys())
  if (closest === undefined) return
  throw usage(`the variable ${variable} is no setting; did you mean ${prefix}${closest}${inFile}?`)
}

function readText(path: string, variable: string, hidden: boolean): string {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (thrown) {
    // The variable may hold the secret itself instead of a path.
    if (hidden && (!/[/\\]/.test(path) || path.includes('-----BEGIN')))
      throw usage(`${variable} takes the path of a file, got a string of ${path.length} characters that is not shown`)
    const cause = toError(thrown)
    throw usage(`the file that ${variable} names cannot be read: ${cause.message}`, cause)
  }
  // Editors and `echo` add a line end that is not part of the value.
  const text = content.replace(/\r?\n$/, '')
  if (text === '') throw usage(`the file that ${variable} names is empty: ${path}`)
  return text
}
