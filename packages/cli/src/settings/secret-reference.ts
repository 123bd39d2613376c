import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Io } from '../io.ts'
import { usage } from '../usage.ts'
import type { WrittenConf } from './config-file.ts'
import { openToOthers } from './trust.ts'

/** The usual folder of mounted secrets, one file each. */
const SECRETS_FOLDER = '/etc/secrets'

/** The sources of secrets. */
export interface Secrets {
  readonly env: Io['env']
  /** @default '/etc/secrets' */
  readonly folder: string | undefined
  /** Called for a file with a secret that other users can read. */
  readonly warn: (message: string) => void
}

/** The place of a reference to a secret. */
export interface Referrer {
  /** For error messages. */
  readonly where: string
  /** Why the place gets no secrets; undefined if it may have them. */
  readonly foreign: string | undefined
}

/**
 * Settings whose references are replaced: `$NAME` becomes the value of the variable of that name, or else the content of the
 * file of that name in the folder of secrets. `\$` is a dollar that begins a text. Throws `USAGE` if neither exists.
 */
export function resolveSecrets(conf: WrittenConf, { where, foreign }: Referrer, secrets: Secrets): WrittenConf {
  const resolved = Object.entries(conf).map(([name, value]) => [
    name,
    secretOf(value, `${where}: ${name}`, foreign, secrets),
  ])
  return Object.fromEntries(resolved) as WrittenConf
}

function secretOf(value: unknown, what: string, foreign: string | undefined, secrets: Secrets): unknown {
  if (typeof value !== 'string') return value
  if (value.startsWith(String.raw`\$`)) return value.slice(1)
  if (!value.startsWith('$')) return value
  const name = value.slice(1)
  if (!/^\w[\w.-]*$/.test(name))
    throw usage(
      `${what}: expected the name of a variable or a file after the $; a text that begins with a dollar begins with \\$`,
    )
  if (foreign !== undefined)
    throw usage(
      `${what} refers to ${value}, but the file gets none of your variables and secrets: ${foreign}; copy it to a file of your own`,
    )
  const variable = Object.hasOwn(secrets.env, name) ? secrets.env[name] : undefined
  return variable || readSecret(name, what, secrets)
}

function readSecret(name: string, what: string, { folder = SECRETS_FOLDER, warn }: Secrets): string {
  const path = join(folder, name)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw usage(`${what} refers to $${name}, but neither such a variable nor the file ${path} exists`, error)
  }
  warnIfOpen(path, warn)
  // Editors and echo add a line end.
  return text.replace(/\r?\n$/, '')
}

/** Warns of a file with a secret that other users can read. */
export function warnIfOpen(path: string, warn: (message: string) => void): void {
  let why: string | undefined
  try {
    why = openToOthers(statSync(path))
  } catch {
    // Reading the file reports that it is missing.
    return
  }
  if (why !== undefined) warn(`${path} holds a secret, and ${why}`)
}
