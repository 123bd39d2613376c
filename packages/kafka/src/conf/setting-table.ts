import { certificates, file, flag, oneOf, password, privateKey, text, textFlag, whole, word } from './setting.ts'
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
  connectTimeoutMs: whole(1, 'socket.connection.setup.timeout.ms'),
  requestTimeoutMs: whole(1, 'request.timeout.ms'),
  metadataMaxAgeMs: whole(1, 'metadata.max.age.ms'),
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
  sessionTimeoutMs: whole(1, 'session.timeout.ms'),
  heartbeatIntervalMs: whole(1, 'heartbeat.interval.ms'),
  rebalanceTimeoutMs: whole(1, 'max.poll.interval.ms', 'rebalance.timeout.ms'),
  fetchMaxBytes: whole(1, 'fetch.max.bytes'),
  fetchMaxWaitMs: whole(0, 'fetch.max.wait.ms', 'fetch.wait.max.ms'),
  isolationLevel: oneOf({ read_committed: 'read_committed', read_uncommitted: 'read_uncommitted' }, 'isolation.level'),
  acks: { ...oneOf({ all: -1, '-1': -1, '0': 0, '1': 1 }, 'acks'), oldNames: ['request.required.acks'] },
  idempotence: flag('enable.idempotence'),
  compression: {
    ...word(['none', 'gzip', 'snappy', 'lz4', 'zstd'], 'compression.type'),
    oldNames: ['compression.codec'],
  },
  deliveryTimeoutMs: whole(1, 'delivery.timeout.ms', 'message.timeout.ms'),
  lingerMs: { ...whole(0, 'linger.ms'), oldNames: ['queue.buffering.max.ms'] },
  batchSizeBytes: whole(1, 'batch.size'),
  maxRequestBytes: whole(1, 'max.request.size', 'message.max.bytes'),
  bufferBytes: whole(1, 'buffer.memory'),
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

function parseBrokers(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] | undefined =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : undefined
  const brokers: string[] = []
  for (const item of list ?? []) {
    const address = typeof item === 'string' ? item.trim() : ''
    const port = Number(/^(?:\[[0-9a-fA-F:.%]+\]|[^\s:/@]+):(\d{1,5})$/.exec(address)?.[1])
    if (!(port >= 1 && port <= 65_535)) return undefined
    brokers.push(address)
  }
  return brokers.length > 0 ? brokers : undefined
}
