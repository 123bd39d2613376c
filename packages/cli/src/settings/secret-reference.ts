import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Io } from '../io.ts'
import { usage } from '../usage.ts'
import type { WrittenConf } from './config-file.ts'
import { openToOthers } from './trust.ts'

/** Where mounted secrets usually are, one file each. */
const SECRETS_FOLDER = '/etc/secrets'

/** Where what a text refers to is looked up. */
export interface Secrets {
  readonly env: Io['env']
  /** @default '/etc/secrets' */
  readonly folder: string | undefined
  /** Told of a file with a secret that others can read. */
  readonly warn: (message: string) => void
}

/** What refers to secrets. */
export interface Referrer {
  /** For error messages. */
  readonly where: string
  /** Why it gets none. */
  readonly foreign: string | undefined
}

/**
 * Settings with what `$NAME` refers to: the variable of that name, or else the file of that name in the folder of secrets.
 * A text that begins with a dollar of its own is written `\$`. Throws `USAGE` where there is neither.
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
    throw usage(`${what}: after the $ comes the name of a variable or of a file; a text with a dollar is written \\$`)
  if (foreign !== undefined)
    throw usage(
      `${what} refers to ${value}, and the file gets none of your variables and secrets: ${foreign}; copy it to a file of your own`,
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
    throw usage(`${what} refers to $${name}: there is no such variable, and no file ${path}`, error)
  }
  warnIfOpen(path, warn)
  // The line end that editors and echo put there does not belong to it.
  return text.replace(/\r?\n$/, '')
}

/** Warns of a file with a secret that is not kept from others. */
export function warnIfOpen(path: string, warn: (message: string) => void): void {
  let why: string | undefined
  try {
    why = openToOthers(statSync(path))
  } catch {
    // Whether it is there, it is for others to say.
    return
  }
  if (why !== undefined) warn(`${path} holds a secret, and ${why}`)
}
