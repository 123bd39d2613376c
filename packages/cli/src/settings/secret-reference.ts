import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Io } from '../io.ts'
import { usage } from '../usage.ts'
import type { WrittenConf } from './config-file.ts'

/** Where mounted secrets usually are, one file each. */
const SECRETS_FOLDER = '/etc/secrets'

/**
 * Settings with what `$NAME` refers to: the variable of that name, or else the file of that name in the folder of secrets.
 * A text that begins with a dollar of its own is written `\$`. Throws `USAGE` where there is neither.
 */
export function resolveSecrets(
  conf: WrittenConf,
  where: string,
  env: Io['env'],
  folder: string = SECRETS_FOLDER,
): WrittenConf {
  const resolved = Object.entries(conf).map(([name, value]) => [
    name,
    secretOf(value, `${where}: ${name}`, env, folder),
  ])
  return Object.fromEntries(resolved) as WrittenConf
}

function secretOf(value: unknown, what: string, env: Io['env'], folder: string): unknown {
  if (typeof value !== 'string') return value
  if (value.startsWith(String.raw`\$`)) return value.slice(1)
  if (!value.startsWith('$')) return value
  const name = value.slice(1)
  if (!/^\w[\w.-]*$/.test(name))
    throw usage(`${what}: after the $ comes the name of a variable or of a file; a text with a dollar is written \\$`)
  return env[name] || readSecret(name, what, folder)
}

function readSecret(name: string, what: string, folder: string): string {
  try {
    // The line end that editors and echo put there does not belong to it.
    return readFileSync(join(folder, name), 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw usage(`${what} refers to $${name}: there is no such variable, and no file ${join(folder, name)}`, error)
  }
}
