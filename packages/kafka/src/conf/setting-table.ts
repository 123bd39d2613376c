import { isSecret, reveal, secret } from './secret.ts'
import type { Secret } from './secret.ts'
import type { SettingName, Settings } from './settings.ts'

/** The other names of a setting, and its values. */
interface Setting<T> {
  /** Its names in Kafka's clients, the most common first. */
  readonly aliases: readonly string[]
  /** Deprecated names, which Kafka has replaced by the first alias. */
  readonly oldNames?: readonly string[]
  /** Describes its values in error messages. */
  readonly expected: string
  /** Messages do not show the value: it is a secret, or may be a secret that was given in the wrong setting. */
  readonly hidden?: true
  /** The value in its canonical form; undefined if the setting does not accept it. */
  parse(value: unknown): T | undefined
  /** Turns a string from a variable or a file into a value. Default: the string stays as it is. */
  fromText?(text: string): unknown
}

export function text(...aliases: string[]): Setting<string> {
  return {
    aliases,
    expected: 'a string that is not empty',
    parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  }
}

/** The largest number that a request can carry, and the longest time of a timer in Node. */
export const INT32_MAX = 2_147_483_647

/** A whole number. */
function whole(min: number, aliases: readonly string[], unit: string, max = INT32_MAX): Setting<number> {
  return {
    aliases,
    expected: `a whole number of ${unit}, ${min} to ${max}`,
    parse: (value) =>
      Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
        ? (value as number)
        : undefined,
    fromText: (given) => (/^\d+$/.test(given) ? Number(given) : given),
  }
}

/** A time in ms, up to 24 days. */
export function duration(min: number, ...aliases: string[]): Setting<number> {
  return whole(min, aliases, 'ms')
}

/** A size that is part of a request, or bounds one. */
export function size(...aliases: string[]): Setting<number> {
  return whole(1, aliases, 'bytes')
}

/** A size of memory in this process. */
function memorySize(...aliases: string[]): Setting<number> {
  return whole(1, aliases, 'bytes', Number.MAX_SAFE_INTEGER)
}

export function oneOf<T>(values: Readonly<Record<string, T>>, ...aliases: string[]): Setting<T> {
  const names = Object.keys(values).map((name) => (Number.isNaN(Number(name)) ? `'${name}'` : name))
  return {
    aliases,
    expected: `one of ${names.join(', ')}`,
    parse: (value) =>
      (typeof value === 'string' || typeof value === 'number') && Object.hasOwn(values, String(value))
        ? values[String(value)]
        : undefined,
  }
}

/** Words that some clients write in capitals. */
export function word<const T extends string>(words: readonly T[], ...aliases: string[]): Setting<T> {
  return {
    aliases,
    expected: `one of ${words.map((name) => `'${name}'`).join(', ')}`,
    parse: (value) =>
      typeof value === 'string' ? words.find((name) => name.toLowerCase() === value.toLowerCase()) : undefined,
  }
}

export function flag(...aliases: string[]): Setting<boolean> {
  return {
    aliases,
    expected: 'true or false',
    parse: (value) => (typeof value === 'boolean' ? value : undefined),
    fromText: textFlag,
  }
}

/** Turns `'true'` and `'false'`, in any case, into booleans; other strings stay as they are. */
function textFlag(given: string): unknown {
  const flags: Readonly<Record<string, boolean>> = { true: true, false: false }
  return flags[given.toLowerCase()] ?? given
}

export function password(...aliases: string[]): Setting<Secret> {
  return { aliases, expected: 'a string that is not empty', hidden: true, parse: (value) => parseSecret(value, /[^]/) }
}

export function certificates(...aliases: string[]): Setting<string> {
  return {
    aliases,
    expected: 'certificates as PEM text (-----BEGIN CERTIFICATE-----), without a private key',
    hidden: true,
    parse: (value) =>
      typeof value === 'string' && /-----BEGIN [A-Z ]*CERTIFICATE-----/.test(value) && !PRIVATE_KEY.test(value)
        ? value
        : undefined,
    fromText: withLineEnds,
  }
}

function privateKey(...aliases: string[]): Setting<Secret> {
  return {
    aliases,
    expected: 'a private key as PEM text (-----BEGIN PRIVATE KEY-----)',
    hidden: true,
    parse: (value) => parseSecret(value, PRIVATE_KEY),
    fromText: withLineEnds,
  }
}

export function file(...aliases: string[]): Setting<string> {
  return {
    aliases,
    expected: 'the path of a PEM file, not its text',
    hidden: true,
    parse: (value) => (typeof value === 'string' && value !== '' && !value.includes('-----BEGIN') ? value : undefined),
  }
}

export const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/

function parseSecret(value: unknown, like: RegExp): Secret | undefined {
  if (isSecret(value)) return like.test(reveal(value)) ? value : undefined
  return typeof value === 'string' && like.test(value) ? secret(value) : undefined
}

/** Turns each `\\n` of a PEM text in one line into a line end. */
function withLineEnds(given: string): string {
  return given.includes('\n') ? given : given.replaceAll(String.raw`\n`, '\n')
}

/** All settings. */
export const SETTINGS: { readonly [N in SettingName]-?: Setting<NonNullable<Settings[N]>> } = {
  driver: {
    aliases: [],
    expected: 'a driver, as kafkajs() or memory() make it',
    parse: (value) => (isDriver(value) ? value : undefined),
  },
  brokers: {
    aliases: ['bootstrap.servers'],
    oldNames: ['metadata.broker.list'],
    expected: "'host:port' addresses, as an array or separated by commas",
    parse: parseBrokers,
  },
  groupId: text('group.id'),
  clientId: text('client.id'),
  clientRack: text('client.rack'),
  connectTimeoutMs: duration(1, 'socket.connection.setup.timeout.ms'),
  requestTimeoutMs: duration(1, 'request.timeout.ms'),
  metadataMaxAgeMs: duration(1, 'metadata.max.age.ms'),
  receiveMaxBytes: size('receive.message.max.bytes'),
  securityProtocol: word(['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'], 'security.protocol'),
  sslCa: certificates('ssl.ca.pem', 'ssl.truststore.certificates'),
  sslCaLocation: file('ssl.ca.location'),
  sslCert: certificates('ssl.certificate.pem', 'ssl.keystore.certificate.chain'),
  sslCertLocation: file('ssl.certificate.location'),
  sslKey: privateKey('ssl.key.pem', 'ssl.keystore.key'),
  sslKeyLocation: file('ssl.key.location'),
  sslKeyPassword: password('ssl.key.password'),
  sslCheckHostname: {
    aliases: ['ssl.endpoint.identification.algorithm'],
    expected: "true or 'https', false, 'none' or ''",
    parse: (value) => CHECK_HOSTNAME.get(value),
    fromText: textFlag,
  },
  saslMechanism: word(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], 'sasl.mechanism', 'sasl.mechanisms'),
  saslUsername: text('sasl.username'),
  saslPassword: password('sasl.password'),
  groupInstanceId: text('group.instance.id'),
  autoOffsetReset: oneOf(
    { earliest: 'earliest', latest: 'latest', error: 'error', none: 'error' },
    'auto.offset.reset',
  ),
  onOffsetOutOfRange: oneOf({ earliest: 'earliest', latest: 'latest', error: 'error' }),
  sessionTimeoutMs: duration(1, 'session.timeout.ms'),
  heartbeatIntervalMs: duration(1, 'heartbeat.interval.ms'),
  rebalanceTimeoutMs: duration(1, 'max.poll.interval.ms', 'rebalance.timeout.ms'),
  fetchMaxBytes: size('fetch.max.bytes'),
  fetchMaxWaitMs: duration(0, 'fetch.max.wait.ms', 'fetch.wait.max.ms'),
  maxDecompressedBytes: size(),
  isolationLevel: oneOf({ read_committed: 'read_committed', read_uncommitted: 'read_uncommitted' }, 'isolation.level'),
  acks: { ...oneOf({ all: -1, '-1': -1, '0': 0, '1': 1 }, 'acks'), oldNames: ['request.required.acks'] },
  idempotence: flag('enable.idempotence'),
  compression: {
    ...word(['none', 'gzip', 'snappy', 'lz4', 'zstd'], 'compression.type'),
    oldNames: ['compression.codec'],
  },
  exactlyOnce: {
    aliases: ['processing.guarantee'],
    expected: "true or false, or 'exactly_once_v2' or 'at_least_once'",
    parse: (value) => GUARANTEES.get(value),
    fromText: textFlag,
  },
  transactionMs: duration(1, 'commit.interval.ms'),
  transactionTimeoutMs: duration(1, 'transaction.timeout.ms'),
  deliveryTimeoutMs: duration(1, 'delivery.timeout.ms', 'message.timeout.ms'),
  lingerMs: { ...duration(0, 'linger.ms'), oldNames: ['queue.buffering.max.ms'] },
  batchSizeBytes: size('batch.size'),
  maxRequestBytes: size('max.request.size', 'message.max.bytes'),
  bufferBytes: memorySize('buffer.memory'),
}

const everySetting = Object.keys(SETTINGS) as SettingName[]

/** The canonical name of a setting, by each of its names. */
export const NAMES: ReadonlyMap<string, SettingName> = new Map(
  everySetting.flatMap((name) => {
    const { aliases, oldNames = [] } = SETTINGS[name]
    return [name, ...aliases, ...oldNames].map((alias) => [alias, name] as const)
  }),
)

/** The name to use instead, by deprecated name. */
export const OLD_NAMES: ReadonlyMap<string, string> = new Map(
  everySetting.flatMap((name) => {
    const { aliases, oldNames = [] } = SETTINGS[name]
    return oldNames.map((old) => [old, aliases[0] ?? name] as const)
  }),
)

const CHECK_HOSTNAME: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  ['https', true],
  ['HTTPS', true],
  [false, false],
  ['none', false],
  ['', false],
])

/** `exactlyOnce`, and the values of Kafka Streams. */
const GUARANTEES: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  ['exactly_once_v2', true],
  [false, false],
  ['at_least_once', false],
])

function isDriver(value: unknown): value is NonNullable<Settings['driver']> {
  return typeof value === 'object' && value !== null && 'client' in value && typeof value.client === 'function'
}

const ADDRESS = /^(?:(plaintext|ssl|sasl_plaintext|sasl_ssl):\/\/)?((?:\[[0-9a-f:.%]+\]|[^\s:/@]+):(\d{1,5}))$/i

/** Addresses as `host:port`, or `protocol://host:port` if a protocol was given. Extra commas are ignored. */
function parseBrokers(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] | undefined =
    typeof value === 'string'
      ? value.split(',').filter((item) => item.trim() !== '')
      : Array.isArray(value)
        ? value
        : undefined
  const brokers: string[] = []
  for (const item of list ?? []) {
    const [, protocol, address, port] = ADDRESS.exec(typeof item === 'string' ? item.trim() : '') ?? []
    if (address === undefined || !(Number(port) >= 1 && Number(port) <= 65_535)) return undefined
    brokers.push(protocol === undefined ? address : `${protocol.toLowerCase()}://${address}`)
  }
  return brokers.length > 0 ? brokers : undefined
}
