import { resolve } from 'node:path'
import { SnapstreamError } from '@snapstream/core'
import { Conf } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import type { ConnectionFlags } from '../definitions/connection-options.ts'
import type { Io } from '../io.ts'
import { usage } from '../usage.ts'
import { readConfigFile } from './config-file.ts'
import type { ConfigFile, WrittenConf } from './config-file.ts'
import { findConfig } from './find-config.ts'
import { loadDriver } from './load-driver.ts'
import { resolveSecrets, warnIfOpen } from './secret-reference.ts'
import type { Secrets } from './secret-reference.ts'

/** What a command goes by beside the settings of Kafka. */
export interface Settings {
  readonly schema?: string
  readonly registry?: string
}

const PREFIX = 'SNAPSTREAM_'
/** Variables of the command itself; those of Kafka's settings are `Conf`'s. */
const OWN = ['CONFIG', 'DRIVER', 'REGISTRY', 'SCHEMA', 'SECRETS'] as const

/** People wait for an answer here; a service that starts may well take longer to look for its broker. */
const CONNECT_TIMEOUT_MS = 5000

type Entry = ConfigFile['topics'][string] | undefined

interface Flags extends ConnectionFlags {
  readonly schema?: string
  readonly registry?: string
}

/**
 * Gives `Conf` what the file says, what it says of this topic, what the environment says, and what the options say: each
 * goes before those before it. Throws `USAGE`.
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
      'no broker is known; name one with --brokers host:port, with the variable SNAPSTREAM_BROKERS, ' +
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

const SECRET = /password|passphrase|secret|key.?pem/i

/** A configuration file that has secrets themselves in it, and not references to them, is a file of secrets. */
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

/** Files of secrets that variables name. */
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

/** `name=value`, where the value is read as that of a variable is: `linger.ms=5` is a number. */
function settingOf(written: string): KafkaConf {
  const [, name, value] = /^([^=]+)=([^]*)$/.exec(written) ?? []
  if (name === undefined || value === undefined || value === '')
    throw usage(`--set takes name=value, as security.protocol=ssl; got ${JSON.stringify(written)}`)
  const variable = name
    .replaceAll(/[a-z](?=[A-Z])/g, '$&_')
    .replaceAll('.', '_')
    .toUpperCase()
  if (name === 'driver') throw usage(`--set takes no driver; --driver ${value} does`)
  // Somebody may have the name of a variable in mind.
  if (name !== variable) inContext('--set', () => Conf({ [name]: undefined }))
  const conf = inContext(`--set ${name}`, () => Conf.fromEnv('', { [variable]: value }), variable)
  // What looks like no setting at all is left alone in an environment.
  if (Object.keys(conf).length === 0) throw usage(`--set: there is no setting ${name}`)
  return conf
}

/** Says where it stands what is not as it should be; `name` is how `Conf` calls what `where` names already. */
function inContext<T>(where: string, run: () => T, name?: string): T {
  try {
    return run()
  } catch (error) {
    if (!SnapstreamError.is(error)) throw error
    const message = error.message.replace(/^Conf: /, '').replace(/^Conf has no/, 'there is no')
    const rest = name !== undefined && message.startsWith(`${name} `) ? message.slice(name.length) : `: ${message}`
    throw usage(`${where}${rest}`, error)
  }
}
