import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { describe, toError } from '@snapstream/core'
import { usage } from '../usage.ts'

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

/** Reads a configuration file. Throws `USAGE` where it is missing, is no JSON, or says what nobody knows. */
export function readConfigFile(path: string): ConfigFile {
  const content = check(parse(path), OF_FILE, path) as Partial<ConfigFile>
  const { topics = {}, secrets } = content
  const folder = dirname(path)
  return {
    ...withPath(content, folder),
    path,
    ...(secrets !== undefined && { secrets: resolve(folder, secrets) }),
    topics: Object.fromEntries(
      Object.entries(topics).map(([name, entry]) => [
        name,
        withPath(check(entry, OF_TOPIC, `${path}: topics.${name}`) as TopicEntry, folder),
      ]),
    ),
  }
}

function parse(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw usage(`the configuration file cannot be read: ${toError(error).message}`, error)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw usage(`${path} is no JSON: ${toError(error).message}`, error)
  }
}

function check(content: unknown, known: Readonly<Record<string, Check>>, where: string): object {
  if (!OBJECT[1](content)) throw usage(`${where} has to hold an object, got ${describe(content)}`)
  for (const [name, value] of Object.entries(content as object)) {
    const [expected, fits] = known[name] ?? []
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
