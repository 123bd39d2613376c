import { closeSync, existsSync, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { SnapstreamError, describe, toError } from '@snapstream/core'
import type { Io } from '../io.ts'
import { usage } from '../usage.ts'
import { foreignTo, openToOthers, writableByAll } from './trust.ts'

/** Settings of Kafka as the file has them: `Conf` checks them. */
export type WrittenConf = Readonly<Record<string, unknown>>

interface TopicEntry {
  readonly conf?: WrittenConf
  readonly schema?: string
  readonly registry?: string
}

/** The content of a configuration file, with absolute paths. */
export interface ConfigFile extends TopicEntry {
  readonly path: string
  /** Why the file gets no secrets: another user owns it. Undefined if it may have them. */
  readonly foreign: string | undefined
  /** Why the file should hold no secrets: other users can read it. Undefined if it may. */
  readonly open: string | undefined
  readonly driver?: string
  /** The folder of secrets, one file each. */
  readonly secrets?: string
  readonly topics: Readonly<Record<string, TopicEntry>>
}

type Check = readonly [expected: string, fits: (value: unknown) => boolean]

const TEXT: Check = ['a text that is not empty', (value) => typeof value === 'string' && value !== '']
const OBJECT: Check = ['an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value)]
const OF_TOPIC = { conf: OBJECT, schema: TEXT, registry: TEXT }
const OF_FILE = { ...OF_TOPIC, driver: TEXT, secrets: TEXT, topics: OBJECT }

const CONFIG_FILE = 'snapstream.config.json'

/** The path of the configuration file: in `cwd`, in the nearest folder above it, or in `home`. Undefined without one. */
export function findConfig({ cwd, home }: Pick<Io, 'cwd' | 'home'>): string | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = join(folder, CONFIG_FILE)
    if (existsSync(path)) return path
    if (dirname(folder) === folder) break
  }
  const path = join(home, CONFIG_FILE)
  return existsSync(path) ? path : undefined
}

/**
 * Reads a configuration file. The file decides where data and secrets go, so one that was found, and not named, has to
 * belong to the user, and no file may be writable by everybody. Throws `USAGE` for such a file, a missing file, a file that
 * is no JSON, and an unknown field.
 */
export function readConfigFile(path: string, isNamed: boolean, env: Io['env']): ConfigFile {
  const { text, foreign, open } = read(path, isNamed, env)
  const content = check(parse(path, text), OF_FILE, path) as Partial<ConfigFile>
  const { topics = {}, secrets } = content
  const folder = dirname(path)
  return {
    ...withPath(content, folder),
    path,
    foreign,
    open,
    ...(secrets !== undefined && { secrets: resolve(folder, secrets) }),
    topics: Object.fromEntries(
      Object.entries(topics).map(([name, entry]) => [
        name,
        withPath(check(entry, OF_TOPIC, `${path}: topics.${name}`) as TopicEntry, folder),
      ]),
    ),
  }
}

interface ReadFile {
  readonly text: string
  readonly foreign: string | undefined
  readonly open: string | undefined
}

function read(path: string, isNamed: boolean, env: Io['env']): ReadFile {
  const refuse = (why: string) =>
    usage(`the configuration file ${path} was found but is not used: ${why}; --config ${path} uses it, without secrets`)
  let file: number | undefined
  try {
    // Another user's link may lead to a file of this user.
    const byLink = foreignTo(env, lstatSync(path))
    if (byLink !== undefined && !isNamed) throw refuse(byLink)
    file = openSync(path, 'r')
    const status = fstatSync(file)
    const foreign = byLink ?? foreignTo(env, status)
    if (foreign !== undefined && !isNamed) throw refuse(foreign)
    const writable = status.isFile() ? writableByAll(status) : undefined
    if (writable !== undefined) throw usage(`the configuration file ${path} is not used: ${writable}`)
    // Root can read the secrets of every user anyway.
    const isOfRoot = status.uid === 0 && lstatSync(path).uid === 0
    return { text: readFileSync(file, 'utf8'), foreign: isOfRoot ? undefined : foreign, open: openToOthers(status) }
  } catch (error) {
    if (SnapstreamError.is(error)) throw error
    throw usage(`the configuration file cannot be read: ${toError(error).message}`, error)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw usage(`${path} is no JSON: ${toError(error).message}`, error)
  }
}

function check(content: unknown, known: Readonly<Record<string, Check>>, where: string): object {
  if (!OBJECT[1](content)) throw usage(`${where}: expected an object, got ${describe(content)}`)
  for (const [name, value] of Object.entries(content as object)) {
    const [expected, fits] = (Object.hasOwn(known, name) && known[name]) || []
    if (expected === undefined || fits === undefined)
      throw usage(`${where}: unknown field "${name}"; the fields are ${Object.keys(known).join(', ')}`)
    if (!fits(value)) throw usage(`${where}: ${name} takes ${expected}, got ${describe(value)}`)
  }
  return content as object
}

/** The path of a schema is relative to the configuration file. */
function withPath<T extends TopicEntry>(entry: T, folder: string): T {
  return entry.schema === undefined ? entry : { ...entry, schema: resolve(folder, entry.schema) }
}
