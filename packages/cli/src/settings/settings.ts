import { resolve } from 'node:path'
import { SnapstreamError } from '@snapstream/core'
import { Conf, kafkajs } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import type { Io } from '../io.ts'
import { usage } from '../usage.ts'
import { findConfig, readConfigFile } from './config-file.ts'
import type { ConfigFile, WrittenConf } from './config-file.ts'
import { loadBeside } from './load-beside.ts'
import { resolveSecrets, warnIfOpen } from './secret-reference.ts'
import type { Secrets } from './secret-reference.ts'

/** The options of every command that connects to Kafka. */
export interface ConnectionFlags {
  readonly brokers?: string
  readonly driver?: string
  readonly config?: string
  readonly set?: readonly string[]
}

/** The settings of a command beside those of Kafka. */
export interface Settings {
  readonly schema?: string
  readonly registry?: string
}

const PREFIX = 'SNAPSTREAM_'
/** Variables of the command itself; all others are settings of Kafka, which `Conf` reads. */
const OWN = ['CONFIG', 'DRIVER', 'REGISTRY', 'SCHEMA', 'SECRETS'] as const

/** Shorter than the default of services, because a person waits for the answer. */
const CONNECT_TIMEOUT_MS = 5000

type Entry = ConfigFile['topics'][string] | undefined

interface Flags extends ConnectionFlags {
  readonly schema?: string
  readonly registry?: string
}

/**
 * Passes settings to `Conf`: those of the configuration file, of its entry for the topic, of the environment, and of the
 * options. Later ones replace earlier ones. Throws `USAGE` for wrong settings.
 */
export async function applySettings(flags: Flags, io: Io, topic?: string): Promise<Settings> {
  const own = Object.fromEntries(OWN.map((name) => [name, io.env[PREFIX + name] || undefined]))
  const named = flags.config ?? own['CONFIG']
  const path = named === undefined ? findConfig(io) : resolve(io.cwd, named)
  const file = path === undefined ? undefined : readConfigFile(path, named !== undefined, io.env)
  const entry = topic !== undefined && file && Object.hasOwn(file.topics, topic) ? file.topics[topic] : undefined
  const warned = new Set<string>()
  const warn = (message: string) => {
    if (!warned.has(message)) io.stderr.write(`snapstream: warning: ${message}\n`)
    warned.add(message)
  }
  const secrets: Secrets = { env: io.env, folder: own['SECRETS'] ?? file?.secrets, warn }
  if (file) warnOfSecretsIn(file, entry, warn)
  warnOfSecretFiles(io, warn)

  Conf({ clientId: 'snapstream-cli', connectTimeoutMs: CONNECT_TIMEOUT_MS })
  let brokersAreKnown = false
  const give = (conf: KafkaConf | WrittenConf, where: string, name?: string) => {
    brokersAreKnown ||= ['brokers', 'bootstrap.servers', 'metadata.broker.list'].some((name) => name in conf)
    inContext(where, () => Conf(conf), name)
  }
  for (const [conf, where] of [
    [file?.conf, file?.path],
    [entry?.conf, `${file?.path}: topics.${topic}`],
  ] as const)
    if (file && conf && where) give(resolveSecrets(conf, { where, foreign: file.foreign }, secrets), where)
  give(Conf.fromEnv(PREFIX, withoutOwn(io.env)), 'the environment')
  for (const written of flags.set ?? []) give(settingOf(written), '--set')
  if (flags.brokers !== undefined) give({ brokers: flags.brokers }, '--brokers', 'brokers')

  const driver = io.driver ?? (await loadDriver(flags.driver ?? own['DRIVER'] ?? file?.driver, io))
  if (driver !== undefined) Conf({ driver })
  if (!brokersAreKnown && !driver?.supports.inProcess)
    throw usage(
      'no broker is configured; set one with --brokers host:port, with the variable SNAPSTREAM_BROKERS, ' +
        'or in snapstream.config.json: { "conf": { "brokers": "host:port" } }',
    )

  const schema = flags.schema ?? own['SCHEMA']
  const given = flags.registry ?? own['REGISTRY']
  const registry = given ?? entry?.registry ?? file?.registry
  const referrer =
    given === undefined && file
      ? { where: file.path, foreign: file.foreign }
      : { where: 'the registry', foreign: undefined }
  return {
    ...defined('schema', schema === undefined ? (entry?.schema ?? file?.schema) : resolve(io.cwd, schema)),
    ...(registry !== undefined && resolveSecrets({ registry }, referrer, secrets)),
  }
}

/** The driver of this name; undefined for the default. Throws `USAGE` for an unknown name. */
async function loadDriver(name: string | undefined, io: Pick<Io, 'cwd' | 'env'>): Promise<Driver | undefined> {
  if (name === undefined) return undefined
  if (name === 'kafkajs') return kafkajs()
  if (name !== 'kafkats') throw usage(`unknown driver ${JSON.stringify(name)}; the drivers are kafkajs and kafkats`)
  const loaded = await loadBeside<{ kafkats(): Driver }>('@snapstream/kafkats', 'the driver kafkats', io)
  return loaded.kafkats()
}

const SECRET = /password|passphrase|secret|key.?pem/i

/** A configuration file with secrets in it, and not only references to them, has to be kept from other users. */
function warnOfSecretsIn({ path, conf, registry, open }: ConfigFile, entry: Entry, warn: Secrets['warn']): void {
  if (open === undefined) return
  const written = Object.entries({ ...conf, ...entry?.conf }).filter(
    ([name, value]) => SECRET.test(name) && typeof value === 'string' && !value.startsWith('$'),
  )
  const names = written.map(([name]) => name)
  if ([registry, entry?.registry].some((url) => url !== undefined && /\/\/[^/]*:[^/]*@/.test(url)))
    names.push('registry')
  if (names.length > 0) warn(`${path} holds secrets (${names.join(', ')}), and ${open}`)
}

/** Warns of the files with secrets in variables such as SNAPSTREAM_SASL_PASSWORD_FILE. */
function warnOfSecretFiles({ env }: Pick<Io, 'env'>, warn: Secrets['warn']): void {
  for (const [name, path] of Object.entries(env))
    if (path && name.startsWith(PREFIX) && name.endsWith('_FILE') && SECRET.test(name)) warnIfOpen(path, warn)
}

function defined<N extends string>(name: N, value: string | undefined): { readonly [K in N]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [K in N]?: string }
}

function withoutOwn(env: Io['env']): Io['env'] {
  const own = new Set<string>(OWN.map((name) => PREFIX + name))
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.has(name)))
}

/** The setting in `name=value`. The value is read like that of a variable: `linger.ms=5` is a number. */
function settingOf(written: string): KafkaConf {
  const [, name, value] = /^([^=]+)=([^]*)$/.exec(written) ?? []
  if (name === undefined || value === undefined || value === '')
    throw usage(`--set: expected name=value, as in security.protocol=ssl, got ${JSON.stringify(written)}`)
  const variable = name
    .replaceAll(/[a-z](?=[A-Z])/g, '$&_')
    .replaceAll('.', '_')
    .toUpperCase()
  if (name === 'driver') throw usage(`--set cannot set the driver; use --driver ${value}`)
  // The name of a variable, as LINGER_MS, is taken as well.
  if (name !== variable) inContext('--set', () => Conf({ [name]: undefined }))
  const conf = inContext(`--set ${name}`, () => Conf.fromEnv('', { [variable]: value }), variable)
  // Conf.fromEnv ignores variables that are no settings.
  if (Object.keys(conf).length === 0) throw usage(`--set: unknown setting ${name}`)
  return conf
}

/** Adds the place of a wrong setting to its error. `name`: how `Conf` calls the setting that `where` names already. */
function inContext<T>(where: string, run: () => T, name?: string): T {
  try {
    return run()
  } catch (error) {
    if (!SnapstreamError.is(error)) throw error
    const message = error.message.replace(/^Conf: /, '').replace(/^Conf has no/, 'unknown')
    const rest = name !== undefined && message.startsWith(`${name} `) ? message.slice(name.length) : `: ${message}`
    throw usage(`${where}${rest}`, error)
  }
}
