import { SnapstreamError } from '@snapstream/core'
import type { ClientSettings, ConsumerSettings, Driver } from '../driver/driver.ts'
import { kafkajs } from '../kafkajs/index.ts'
import { confDefaults } from './conf.ts'
import { DEFAULTS } from './settings.ts'
import type { Settings } from './settings.ts'

/** Everything a topic needs to know, with nothing left open. */
export interface ResolvedSettings {
  readonly driver: Driver
  readonly client: ClientSettings
  readonly groupId: string | undefined
  readonly consumer: ConsumerDefaults
  readonly producer: ProducerDefaults
}

type ConsumerDefaults = Required<
  Pick<
    ConsumerSettings,
    | 'autoOffsetReset'
    | 'onOffsetOutOfRange'
    | 'sessionTimeoutMs'
    | 'heartbeatIntervalMs'
    | 'rebalanceTimeoutMs'
    | 'fetchMaxBytes'
    | 'fetchMaxWaitMs'
    | 'isolationLevel'
  >
>

export interface ProducerDefaults {
  readonly acks: -1 | 0 | 1
  readonly deliveryTimeoutMs: number
  readonly lingerMs: number
  readonly batchSizeBytes: number
  readonly bufferBytes: number
  readonly metadataMaxAgeMs: number
}

/** Without these a promise that was asked for would not be kept. */
const NOT_TO_BE_IGNORED = new Set(['acks', 'isolationLevel', 'autoOffsetReset', 'onOffsetOutOfRange'])

let defaultDriver: Driver | undefined
const warned = new WeakMap<Driver, Set<string>>()

/** The settings of one topic: its own over what `Conf` set over the defaults. Throws `USAGE` or `UNSUPPORTED`. */
export function resolveSettings(own: Settings): ResolvedSettings {
  const given = { ...confDefaults(), ...own }
  const all = { ...DEFAULTS, ...given }
  const driver = given.driver ?? (defaultDriver ??= kafkajs())
  refuseIgnored(driver, given)
  if (given.brokers === undefined && !driver.supports.inProcess)
    throw new SnapstreamError(
      'USAGE',
      `no broker is known; call Conf({ brokers: 'host:port' }), or Conf({ driver: memory() }) to do without one`,
    )
  return {
    driver,
    client: {
      brokers: given.brokers ?? [],
      clientId: all.clientId,
      connectTimeoutMs: all.connectTimeoutMs,
      requestTimeoutMs: all.requestTimeoutMs,
    },
    groupId: given.groupId,
    consumer: {
      autoOffsetReset: all.autoOffsetReset,
      onOffsetOutOfRange: all.onOffsetOutOfRange,
      sessionTimeoutMs: all.sessionTimeoutMs,
      heartbeatIntervalMs: all.heartbeatIntervalMs,
      rebalanceTimeoutMs: all.rebalanceTimeoutMs,
      fetchMaxBytes: all.fetchMaxBytes,
      fetchMaxWaitMs: all.fetchMaxWaitMs,
      isolationLevel: all.isolationLevel,
    },
    producer: {
      acks: all.acks,
      deliveryTimeoutMs: all.deliveryTimeoutMs,
      lingerMs: all.lingerMs,
      batchSizeBytes: all.batchSizeBytes,
      bufferBytes: all.bufferBytes,
      metadataMaxAgeMs: all.metadataMaxAgeMs,
    },
  }
}

function refuseIgnored(driver: Driver, given: Settings) {
  // In one process there is no connection to set up, and swapping the driver must not mean rewriting the settings.
  if (driver.supports.inProcess) return
  const seen = warned.get(driver) ?? new Set()
  warned.set(driver, seen)
  for (const name of driver.supports.ignoredSettings) {
    if (given[name as keyof Settings] === undefined || seen.has(name)) continue
    if (NOT_TO_BE_IGNORED.has(name))
      throw new SnapstreamError(
        'UNSUPPORTED',
        `the driver ${driver.name} has no ${name}; leave it out or change driver`,
      )
    seen.add(name)
    console.warn(`snapstream: the driver ${driver.name} has no use for ${name}; it is ignored`)
  }
}
