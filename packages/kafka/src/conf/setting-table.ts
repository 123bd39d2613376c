import type { SettingName, Settings } from './settings.ts'

/** How one setting is called elsewhere, and what it takes. */
export interface Setting<T> {
  readonly aliases: readonly string[]
  /** For error messages: what it takes. */
  readonly expected: string
  /** The value in its one form, or undefined if it is not what the setting takes. */
  parse(value: unknown): T | undefined
}

/** Every setting there is. */
export const SETTINGS: { readonly [N in SettingName]-?: Setting<NonNullable<Settings[N]>> } = {
  driver: {
    aliases: [],
    expected: 'a driver, as kafkajs() or memory() make it',
    parse: (value) => (isDriver(value) ? value : undefined),
  },
  brokers: {
    aliases: ['bootstrap.servers', 'metadata.broker.list'],
    expected: "'host:port' addresses, as an array or separated by commas",
    parse: parseBrokers,
  },
  groupId: text('group.id'),
  clientId: text('client.id'),
  connectTimeoutMs: whole(1, 'socket.connection.setup.timeout.ms'),
  requestTimeoutMs: whole(1, 'request.timeout.ms'),
  metadataMaxAgeMs: whole(1, 'metadata.max.age.ms'),
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
  acks: oneOf({ all: -1, '-1': -1, '0': 0, '1': 1 }, 'request.required.acks'),
  deliveryTimeoutMs: whole(1, 'delivery.timeout.ms'),
  lingerMs: whole(0, 'linger.ms', 'queue.buffering.max.ms'),
  batchSizeBytes: whole(1, 'batch.size'),
  bufferBytes: whole(1, 'buffer.memory'),
}

/** The one name of a setting, by every name it goes by. */
export const NAMES: ReadonlyMap<string, SettingName> = new Map(
  (Object.keys(SETTINGS) as SettingName[]).flatMap((name) =>
    [name, ...SETTINGS[name].aliases].map((alias) => [alias, name] as const),
  ),
)

/** Settings of other clients that would be pasted in with the rest, and why there is no such thing here. */
export const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ['enable.auto.commit', 'offsets are committed once the sinks are flushed, by stream'],
  ['auto.commit.interval.ms', 'how often offsets are committed is checkpointMs of stream'],
  ['key.serializer', 'give the topic a keyCodec'],
  ['value.serializer', 'give the topic a codec'],
  ['key.deserializer', 'give the topic a keyCodec'],
  ['value.deserializer', 'give the topic a codec'],
  ['retries', 'records are sent again until deliveryTimeoutMs has passed'],
  ['max.in.flight.requests.per.connection', 'a partition has one request under way at a time, which keeps its order'],
])

function text(...aliases: string[]): Setting<string> {
  return {
    aliases,
    expected: 'a string that is not empty',
    parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  }
}

function whole(min: number, ...aliases: string[]): Setting<number> {
  return {
    aliases,
    expected: `a whole number of ${min} or more`,
    parse: (value) => (Number.isSafeInteger(value) && (value as number) >= min ? (value as number) : undefined),
  }
}

function oneOf<T>(values: Readonly<Record<string, T>>, ...aliases: string[]): Setting<T> {
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

function isDriver(value: unknown): value is NonNullable<Settings['driver']> {
  return typeof value === 'object' && value !== null && 'client' in value && typeof value.client === 'function'
}

function parseBrokers(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] | undefined =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : undefined
  const brokers: string[] = []
  for (const item of list ?? []) {
    const address = typeof item === 'string' ? item.trim() : ''
    const port = Number(/^(?:\[[0-9a-fA-F:.%]+\]|[^\s:/]+):(\d{1,5})$/.exec(address)?.[1])
    if (!(port >= 1 && port <= 65_535)) return undefined
    brokers.push(address)
  }
  return brokers.length > 0 ? brokers : undefined
}
