import { isDeepStrictEqual } from 'node:util'
import { SnapstreamError } from '@snapstream/core'
import type { ClientSettings, ConsumerSettings, Driver, ProducerSettings } from '../driver/driver.ts'
import { kafkajs } from '../kafkajs/index.ts'
import { confDefaults } from './conf.ts'
import { resolveSecurity } from './resolve-security.ts'
import { INT32_MAX } from './setting-table.ts'
import { DEFAULTS, hasSasl, hasTls, mergeSettings } from './settings.ts'
import type { Settings } from './settings.ts'
import { usage, warnOnce } from './usage.ts'

/** The settings of a topic with all defaults, as the driver takes them. */
export interface ResolvedSettings {
  readonly driver: Driver
  readonly client: ClientSettings
  readonly groupId: string | undefined
  readonly consumer: ConsumerDefaults
  readonly producer: ProducerDefaults
  readonly transaction: TransactionDefaults
}

/** Settings of the transaction of a stream. */
interface TransactionDefaults {
  readonly exactlyOnce: boolean
  readonly intervalMs: number
  readonly timeoutMs: number
}

interface ConsumerDefaults
  extends
    Required<
      Pick<
        ConsumerSettings,
        | 'autoOffsetReset'
        | 'onOffsetOutOfRange'
        | 'sessionTimeoutMs'
        | 'heartbeatIntervalMs'
        | 'rebalanceTimeoutMs'
        | 'fetchMaxBytes'
        | 'fetchMaxWaitMs'
        | 'maxDecompressedBytes'
        | 'isolationLevel'
        | 'metadataMaxAgeMs'
        | 'deliveryTimeoutMs'
      >
    >,
    Pick<ConsumerSettings, 'groupInstanceId' | 'rackId'> {}

export interface ProducerDefaults extends ProducerSettings {
  readonly deliveryTimeoutMs: number
  readonly lingerMs: number
  readonly batchSizeBytes: number
  /** The largest request, and so the largest batch, in bytes. */
  readonly maxRequestBytes: number
  readonly bufferBytes: number
  readonly metadataMaxAgeMs: number
}

let defaultDriver: Driver | undefined

/** Merges the settings of a topic over those of `Conf` and the defaults. Throws `USAGE` or `UNSUPPORTED`. */
export function resolveSettings(own: Settings): ResolvedSettings {
  const given = mergeSettings(confDefaults(), own)
  const driver = given.driver ?? (defaultDriver ??= kafkajs())
  refuseUnsupported(driver, given)
  const { inProcess, ignoredSettings } = driver.supports
  if (given.brokers === undefined && !inProcess)
    throw usage(
      `no brokers are set; call Conf({ brokers: 'host:port' }), or Conf({ driver: memory() }) to run without a broker`,
    )
  const all = { ...DEFAULTS, ...given }
  if (given.idempotence && all.acks !== -1)
    throw usage(`idempotence needs acks 'all', and acks is ${all.acks}; leave one of them out`)
  // As with Java's producer, the default is true if `acks` and the driver allow it.
  const idempotence = given.idempotence ?? (all.acks === -1 && !ignoredSettings.includes('idempotence'))
  return {
    driver,
    client: {
      brokers: addresses(given),
      clientId: all.clientId,
      connectTimeoutMs: all.connectTimeoutMs,
      requestTimeoutMs: all.requestTimeoutMs,
      receiveMaxBytes: receiveMaxBytes(given),
      ...resolveSecurity(given, inProcess),
    },
    groupId: given.groupId,
    consumer: {
      autoOffsetReset: all.autoOffsetReset,
      onOffsetOutOfRange: all.onOffsetOutOfRange,
      sessionTimeoutMs: all.sessionTimeoutMs,
      heartbeatIntervalMs: heartbeatIntervalMs(given),
      rebalanceTimeoutMs: all.rebalanceTimeoutMs,
      fetchMaxBytes: all.fetchMaxBytes,
      fetchMaxWaitMs: all.fetchMaxWaitMs,
      maxDecompressedBytes: all.maxDecompressedBytes,
      isolationLevel: all.isolationLevel,
      metadataMaxAgeMs: all.metadataMaxAgeMs,
      deliveryTimeoutMs: all.deliveryTimeoutMs,
      ...(given.groupInstanceId === undefined ? {} : { groupInstanceId: given.groupInstanceId }),
      ...(given.clientRack === undefined ? {} : { rackId: given.clientRack }),
    },
    producer: {
      acks: all.acks,
      compression: all.compression,
      idempotence,
      deliveryTimeoutMs: all.deliveryTimeoutMs,
      lingerMs: all.lingerMs,
      batchSizeBytes: all.batchSizeBytes,
      maxRequestBytes: all.maxRequestBytes,
      bufferBytes: all.bufferBytes,
      metadataMaxAgeMs: all.metadataMaxAgeMs,
    },
    transaction: {
      exactlyOnce: all.exactlyOnce,
      intervalMs: all.transactionMs,
      timeoutMs: all.transactionTimeoutMs,
    },
  }
}

/** Throws `USAGE` for settings of the producer that transactions do not allow. @param what the subject of the message */
export function expectTransactional({ driver, producer }: ResolvedSettings, what: string): void {
  const { acks, idempotence } = producer
  if (acks !== -1) throw usage(`${what} needs acks 'all', and acks is ${acks}; leave one of them out`)
  if (!idempotence && !driver.supports.ignoredSettings.includes('idempotence'))
    throw usage(`${what} needs idempotence, and idempotence is false; leave one of them out`)
}

/** Addresses without their protocol. The protocol must equal `securityProtocol`: encryption is never guessed. */
function addresses({ brokers = [], securityProtocol = DEFAULTS.securityProtocol }: Settings): readonly string[] {
  return brokers.map((broker) => {
    const [protocol, address] = broker.includes('://') ? broker.split('://') : [securityProtocol, broker]
    if (protocol === securityProtocol) return address ?? broker
    throw usage(
      `brokers has ${broker}, and securityProtocol is '${securityProtocol}'; set it to '${protocol}', or leave ` +
        `${protocol}:// out`,
    )
  })
}

/** An answer to a fetch may be one batch larger than `fetchMaxBytes`. */
function receiveMaxBytes({ receiveMaxBytes: given, fetchMaxBytes = DEFAULTS.fetchMaxBytes }: Settings): number {
  if (given === undefined) return Math.min(INT32_MAX, Math.max(DEFAULTS.receiveMaxBytes, 2 * fetchMaxBytes))
  if (given > fetchMaxBytes) return given
  throw usage(
    `receiveMaxBytes is ${given} and fetchMaxBytes is ${fetchMaxBytes}: answers to fetches would be refused; set ` +
      'receiveMaxBytes to fetchMaxBytes and the size of the largest batch, or more',
  )
}

function heartbeatIntervalMs({ heartbeatIntervalMs: interval, sessionTimeoutMs }: Settings): number {
  const session = sessionTimeoutMs ?? DEFAULTS.sessionTimeoutMs
  if (interval === undefined) return Math.min(DEFAULTS.heartbeatIntervalMs, Math.ceil(session / 3))
  if (interval < session) return interval
  throw usage(
    `heartbeatIntervalMs is ${interval} and sessionTimeoutMs is ${session}: a consumer would count as dead between ` +
      'two heartbeats; set heartbeatIntervalMs to at most a third of sessionTimeoutMs',
  )
}

/**
 * Whether two topics can share a consumer or a producer. The settings are compared as objects, because a string to compare
 * would contain the passwords.
 */
export function sameSettings(one: ResolvedSettings, other: ResolvedSettings, part: 'consumer' | 'producer'): boolean {
  return (
    one.driver === other.driver &&
    isDeepStrictEqual(one.client, other.client) &&
    isDeepStrictEqual(one[part], other[part])
  )
}

/** Settings that a driver must not ignore, by their names in the driver port: without them a guarantee would be lost. */
const NOT_TO_BE_IGNORED = new Set([
  'acks',
  'autoOffsetReset',
  'idempotence',
  'isolationLevel',
  'onOffsetOutOfRange',
  'sasl',
  'tls',
])

/** The name of a setting in the driver port, or of the part of the port that it belongs to. */
export function portName(name: string): string {
  if (name === 'clientRack') return 'rackId'
  if (name === 'securityProtocol' || name.startsWith('ssl')) return 'tls'
  return name.startsWith('sasl') ? 'sasl' : name
}

/** Throws `UNSUPPORTED` for a setting that the driver cannot support and must not ignore; warns once of others. */
function refuseUnsupported(driver: Driver, given: Settings): void {
  const { inProcess, ignoredSettings, compression } = driver.supports
  // An in-process driver needs no connection, and a test should replace the driver without other changes of the settings.
  if (inProcess) return
  for (const [name, needs] of asked(given)) {
    if (!ignoredSettings.includes(needs)) continue
    if (NOT_TO_BE_IGNORED.has(needs))
      throw unsupported(`the driver ${driver.name} does not support ${name}; leave it out, or use another driver`)
    warnOnce(`the driver ${driver.name} does not use ${name}; it is ignored`)
  }
  if (given.compression !== undefined && !compression.includes(given.compression))
    throw unsupported(
      `the driver ${driver.name} cannot compress with ${given.compression}; it has ${compression.join(', ')}`,
    )
}

/** The given settings: the name for messages, and the name in the driver port. */
function* asked(given: Settings): Generator<readonly [name: string, needs: string]> {
  const { securityProtocol: protocol, idempotence } = given
  if (protocol !== undefined && hasTls(protocol)) yield [`TLS (securityProtocol '${protocol}')`, 'tls']
  if (protocol !== undefined && hasSasl(protocol)) yield [`SASL (securityProtocol '${protocol}')`, 'sasl']
  for (const [name, value] of Object.entries(given)) {
    const asksForNothing = name === 'securityProtocol' || (name === 'idempotence' && idempotence === false)
    if (value !== undefined && !asksForNothing) yield [name, portName(name)]
  }
}

function unsupported(message: string): SnapstreamError {
  return new SnapstreamError('UNSUPPORTED', message)
}
