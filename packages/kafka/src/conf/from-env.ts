import { readFileSync } from 'node:fs'
import { toError } from '@snapstream/core'
import { closestName, usage, warnOnce } from './usage.ts'
import type { KafkaConf } from './kafka-conf.ts'
import { UNSUPPORTED, IGNORED } from './unsupported-settings.ts'
import { parseSetting, same, twoNames } from './parse-settings.ts'
import { NAMES, OLD_NAMES, SETTINGS } from './setting-table.ts'
import type { SettingName } from './settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables of brokers in containers that look like a misspelt setting, and are none. */
const OF_OTHERS = new Set(['BROKER_ID', 'SASL_ENABLED_MECHANISMS'])
const FROM_FILE = '_FILE'

/** `saslPassword` and `sasl.password` as `SASL_PASSWORD`. */
export function variableName(name: string): string {
  return name
    .replaceAll(/[a-z](?=[A-Z])/g, '$&_')
    .replaceAll('.', '_')
    .toUpperCase()
}

/** By variable, without the prefix: the name that stands in the table of settings. */
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
    if (present !== undefined)
      warnOnce(`${variable} is an old name and works; call it ${prefix}${variableName(present)} now`)
  }
  if (others.length > 0)
    warnOnce(`these variables of the environment are no settings and left alone: ${others.toSorted().join(', ')}`)
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
  if (unsupported !== undefined) throw usage(`leave the variable ${variable} out: ${unsupported.reason}`)
  if (rest === variableName('driver'))
    throw usage(`${variable}: a driver is no text; give it in code, as Conf({ driver })`)
  if (OF_OTHERS.has(rest) || IGNORED_VARIABLES.has(rest)) return
  const inFile = rest.endsWith(FROM_FILE) ? FROM_FILE : ''
  const closest = closestName(inFile ? rest.slice(0, -FROM_FILE.length) : rest, VARIABLES.keys())
  if (closest === undefined) return
  throw usage(`there is no setting for the variable ${variable}; did you mean ${prefix}${closest}${inFile}?`)
}

function readText(path: string, variable: string, hidden: boolean): string {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (thrown) {
    // Somebody may have put the secret itself where its file belongs.
    if (hidden && (!/[/\\]/.test(path) || path.includes('-----BEGIN')))
      throw usage(`${variable} takes the path of a file, got a text of ${path.length} characters that is not shown`)
    const cause = toError(thrown)
    throw usage(`the file that ${variable} names cannot be read: ${cause.message}`, cause)
  }
  // Editors and echo end a file with one that does not belong to the secret.
  const text = content.replace(/\r?\n$/, '')
  if (text === '') throw usage(`the file that ${variable} names is empty: ${path}`)
  return text
}
