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
import { resolveSecrets } from './secret-reference.ts'

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
  const file: ConfigFile | undefined = path === undefined ? undefined : readConfigFile(path)
  const entry = topic === undefined ? undefined : file?.topics[topic]
  const secrets = own['SECRETS'] ?? file?.secrets

  Conf({ clientId: 'snapstream-cli', connectTimeoutMs: CONNECT_TIMEOUT_MS })
  let brokersAreKnown = false
  const give = (conf: KafkaConf | WrittenConf, where: string) => {
    brokersAreKnown ||= ['brokers', 'bootstrap.servers', 'metadata.broker.list'].some((name) => name in conf)
    inContext(where, () => Conf(conf))
  }
  if (file?.conf) give(resolveSecrets(file.conf, file.path, io.env, secrets), file.path)
  if (file && entry?.conf) give(resolveSecrets(entry.conf, file.path, io.env, secrets), `${file.path}: topics.${topic}`)
  give(Conf.fromEnv(PREFIX, withoutOwn(io.env)), 'the environment')
  for (const written of flags.set ?? []) give(settingOf(written), '--set')
  if (flags.brokers !== undefined) give({ brokers: flags.brokers }, '--brokers')

  const driver = io.driver ?? (await loadDriver(flags.driver ?? own['DRIVER'] ?? file?.driver, io))
  if (driver !== undefined) Conf({ driver })
  if (!brokersAreKnown && !driver?.supports.inProcess)
    throw usage(
      'no broker is known; name one with --brokers host:port, with the variable SNAPSTREAM_BROKERS, ' +
        'or in snapstream.config.json: { "conf": { "brokers": "host:port" } }',
    )

  const schema = flags.schema ?? own['SCHEMA']
  const registry = flags.registry ?? own['REGISTRY'] ?? entry?.registry ?? file?.registry
  return {
    ...defined('schema', schema === undefined ? (entry?.schema ?? file?.schema) : resolve(io.cwd, schema)),
    ...(registry !== undefined && resolveSecrets({ registry }, file?.path ?? 'the registry', io.env, secrets)),
  }
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
  const conf = inContext(`--set ${name}`, () => Conf.fromEnv('', { [variable]: value }))
  // What looks like no setting at all is left alone in an environment.
  if (Object.keys(conf).length === 0) throw usage(`--set: there is no setting ${name}`)
  return conf
}

/** Says where it stands what is not as it should be. */
function inContext<T>(where: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!SnapstreamError.is(error)) throw error
    const message = error.message.replace(/^Conf: /, '').replace(/^Conf has no/, 'there is no')
    throw usage(`${where}: ${message}`, error)
  }
}
