import { closeSync, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SnapstreamError, describe, toError } from '@snapstream/core'
import type { Io } from '../io.ts'
import { usage } from '../usage.ts'
import { foreignTo, openToOthers, writableByAll } from './trust.ts'

/** Settings of Kafka as a person wrote them: `Conf` checks them. */
export type WrittenConf = Readonly<Record<string, unknown>>

interface TopicEntry {
  readonly conf?: WrittenConf
  readonly schema?: string
  readonly registry?: string
}

/** What a configuration file says; paths are absolute. */
export interface ConfigFile extends TopicEntry {
  readonly path: string
  /** Why it gets no secrets: it belongs to somebody else. */
  readonly foreign: string | undefined
  /** Why it should not have secrets in it: others can read it. */
  readonly open: string | undefined
  readonly driver?: string
  /** The folder of files with secrets, one each. */
  readonly secrets?: string
  readonly topics: Readonly<Record<string, TopicEntry>>
}

type Check = readonly [expected: string, fits: (value: unknown) => boolean]

const TEXT: Check = ['a text that is not empty', (value) => typeof value === 'string' && value !== '']
const OBJECT: Check = ['an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value)]
const OF_TOPIC = { conf: OBJECT, schema: TEXT, registry: TEXT }
const OF_FILE = { ...OF_TOPIC, driver: TEXT, secrets: TEXT, topics: OBJECT }

/**
 * Reads a configuration file. One that was found and not named has to be the user's own, and nobody's may be changed by
 * everybody: it says where data goes, and which secrets go there. Throws `USAGE` where it is not so, where the file is
 * missing or no JSON, or says what nobody knows.
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
    usage(
      `the configuration file ${path} was found, and is not used: ${why}; --config ${path} uses it, without secrets`,
    )
  let file: number | undefined
  try {
    // A link of somebody else may lead to a file of one's own.
    const byLink = foreignTo(env, lstatSync(path))
    if (byLink !== undefined && !isNamed) throw refuse(byLink)
    file = openSync(path, 'r')
    const status = fstatSync(file)
    const foreign = byLink ?? foreignTo(env, status)
    if (foreign !== undefined && !isNamed) throw refuse(foreign)
    const writable = status.isFile() ? writableByAll(status) : undefined
    if (writable !== undefined) throw usage(`the configuration file ${path} is not used: ${writable}`)
    // What root wrote, root could have read anyway.
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
  if (!OBJECT[1](content)) throw usage(`${where} has to hold an object, got ${describe(content)}`)
  for (const [name, value] of Object.entries(content as object)) {
    const [expected, fits] = (Object.hasOwn(known, name) && known[name]) || []
    if (expected === undefined || fits === undefined)
      throw usage(`${where} takes no "${name}"; it takes ${Object.keys(known).join(', ')}`)
    if (!fits(value)) throw usage(`${where}: ${name} takes ${expected}, got ${describe(value)}`)
  }
  return content as object
}

/** A schema stands where the file says it, wherever the command is run. */
function withPath<T extends TopicEntry>(entry: T, folder: string): T {
  return entry.schema === undefined ? entry : { ...entry, schema: resolve(folder, entry.schema) }
}
