import type { Driver } from '../driver/driver.ts'

/** Settings under one name and in one form each, as far as they were given. */
export interface Settings {
  readonly driver?: Driver
  readonly brokers?: readonly string[]
  readonly groupId?: string
  readonly clientId?: string
  readonly connectTimeoutMs?: number
  readonly requestTimeoutMs?: number
  readonly metadataMaxAgeMs?: number
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'error'
  readonly onOffsetOutOfRange?: 'earliest' | 'latest' | 'error'
  readonly sessionTimeoutMs?: number
  readonly heartbeatIntervalMs?: number
  readonly rebalanceTimeoutMs?: number
  readonly fetchMaxBytes?: number
  readonly fetchMaxWaitMs?: number
  readonly isolationLevel?: 'read_committed' | 'read_uncommitted'
  readonly acks?: -1 | 0 | 1
  readonly deliveryTimeoutMs?: number
  readonly lingerMs?: number
  readonly batchSizeBytes?: number
  readonly bufferBytes?: number
}

export type SettingName = keyof Settings

/** What is used where nothing was given. */
export const DEFAULTS = {
  clientId: 'snapstream',
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  metadataMaxAgeMs: 300_000,
  autoOffsetReset: 'earliest',
  onOffsetOutOfRange: 'error',
  sessionTimeoutMs: 30_000,
  heartbeatIntervalMs: 3000,
  rebalanceTimeoutMs: 60_000,
  fetchMaxBytes: 2_097_152,
  fetchMaxWaitMs: 250,
  isolationLevel: 'read_committed',
  acks: -1,
  deliveryTimeoutMs: 120_000,
  lingerMs: 0,
  batchSizeBytes: 524_288,
  bufferBytes: 33_554_432,
} as const satisfies Settings
