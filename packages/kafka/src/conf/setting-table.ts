import {
  certificates,
  duration,
  file,
  flag,
  memorySize,
  oneOf,
  password,
  privateKey,
  size,
  text,
  textFlag,
  word,
} from './setting.ts'
import type { Setting } from './setting.ts'
import type { SettingName, Settings } from './settings.ts'

/** Every setting there is. */
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
  deliveryTimeoutMs: duration(1, 'delivery.timeout.ms', 'message.timeout.ms'),
  lingerMs: { ...duration(0, 'linger.ms'), oldNames: ['queue.buffering.max.ms'] },
  batchSizeBytes: size('batch.size'),
  maxRequestBytes: size('max.request.size', 'message.max.bytes'),
  bufferBytes: memorySize('buffer.memory'),
}

const everySetting = Object.keys(SETTINGS) as SettingName[]

/** The one name of a setting, by every name it goes by. */
export const NAMES: ReadonlyMap<string, SettingName> = new Map(
  everySetting.flatMap((name) => {
    const { aliases, oldNames = [] } = SETTINGS[name]
    return [name, ...aliases, ...oldNames].map((alias) => [alias, name] as const)
  }),
)

/** What Kafka calls it now, by names it has given up. */
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

function isDriver(value: unknown): value is NonNullable<Settings['driver']> {
  return typeof value === 'object' && value !== null && 'client' in value && typeof value.client === 'function'
}

const ADDRESS = /^(?:(plaintext|ssl|sasl_plaintext|sasl_ssl):\/\/)?((?:\[[0-9a-f:.%]+\]|[^\s:/@]+):(\d{1,5}))$/i

/** In one form: `host:port`, or `protocol://host:port` where a protocol was given. A comma too many is no address. */
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
