import type { Compression, Driver, SaslSettings } from '../driver/driver.ts'
import type { Secret } from './secret.ts'

/** Settings that were given, each with its canonical name and in its canonical form. */
export interface Settings {
  readonly driver?: Driver
  readonly brokers?: readonly string[]
  readonly groupId?: string
  readonly clientId?: string
  readonly clientRack?: string
  readonly connectTimeoutMs?: number
  readonly requestTimeoutMs?: number
  readonly metadataMaxAgeMs?: number
  readonly receiveMaxBytes?: number
  readonly securityProtocol?: SecurityProtocol
  readonly sslCa?: string
  readonly sslCaLocation?: string
  readonly sslCert?: string
  readonly sslCertLocation?: string
  readonly sslKey?: Secret
  readonly sslKeyLocation?: string
  readonly sslKeyPassword?: Secret
  readonly sslCheckHostname?: boolean
  readonly saslMechanism?: SaslSettings['mechanism']
  readonly saslUsername?: string
  readonly saslPassword?: Secret
  readonly groupInstanceId?: string
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'error'
  readonly onOffsetOutOfRange?: 'earliest' | 'latest' | 'error'
  readonly sessionTimeoutMs?: number
  readonly heartbeatIntervalMs?: number
  readonly rebalanceTimeoutMs?: number
  readonly fetchMaxBytes?: number
  readonly fetchMaxWaitMs?: number
  readonly maxDecompressedBytes?: number
  readonly isolationLevel?: 'read_committed' | 'read_uncommitted'
  readonly acks?: -1 | 0 | 1
  readonly idempotence?: boolean
  readonly compression?: Compression
  readonly exactlyOnce?: boolean
  readonly transactionMs?: number
  readonly transactionTimeoutMs?: number
  readonly deliveryTimeoutMs?: number
  readonly lingerMs?: number
  readonly batchSizeBytes?: number
  readonly maxRequestBytes?: number
  readonly bufferBytes?: number
}

export type SettingName = keyof Settings

export type SecurityProtocol = 'plaintext' | 'ssl' | 'sasl_plaintext' | 'sasl_ssl'

/** The defaults. */
export const DEFAULTS = {
  clientId: 'snapstream',
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  metadataMaxAgeMs: 300_000,
  receiveMaxBytes: 100_000_000,
  securityProtocol: 'plaintext',
  sslCheckHostname: true,
  autoOffsetReset: 'earliest',
  onOffsetOutOfRange: 'error',
  sessionTimeoutMs: 30_000,
  heartbeatIntervalMs: 3000,
  rebalanceTimeoutMs: 60_000,
  fetchMaxBytes: 2_097_152,
  fetchMaxWaitMs: 250,
  maxDecompressedBytes: 134_217_728,
  isolationLevel: 'read_committed',
  acks: -1,
  compression: 'none',
  exactlyOnce: false,
  transactionMs: 100,
  transactionTimeoutMs: 10_000,
  deliveryTimeoutMs: 120_000,
  lingerMs: 0,
  batchSizeBytes: 524_288,
  maxRequestBytes: 1_048_576,
  bufferBytes: 33_554_432,
} as const satisfies Settings

type Names = readonly SettingName[]

/** Settings that are given as text or as a file. */
const TEXT_OR_FILE = [
  ['sslCa', 'sslCaLocation'],
  ['sslCert', 'sslCertLocation'],
  ['sslKey', 'sslKeyLocation'],
] as const satisfies readonly Names[]

/** Settings that need TLS. */
export const TLS_SETTINGS = [...TEXT_OR_FILE.flat(), 'sslKeyPassword'] as const satisfies Names
export const SASL_SETTINGS = ['saslMechanism', 'saslUsername', 'saslPassword'] as const satisfies Names

export const hasTls = (protocol: SecurityProtocol): boolean => protocol.endsWith('ssl')
export const hasSasl = (protocol: SecurityProtocol): boolean => protocol.startsWith('sasl')

/**
 * Merges settings over others. A setting given as text replaces one given earlier as a file, and the other way round. A
 * `securityProtocol` drops earlier settings of TLS or SASL that it does not use.
 */
export function mergeSettings(under: Settings, over: Settings): Settings {
  const unused = new Set<SettingName>()
  for (const [text, file] of TEXT_OR_FILE) {
    if (over[text] !== undefined) unused.add(file)
    if (over[file] !== undefined) unused.add(text)
  }
  if (over.securityProtocol !== undefined) {
    if (!hasTls(over.securityProtocol)) for (const name of TLS_SETTINGS) unused.add(name)
    if (!hasSasl(over.securityProtocol)) for (const name of SASL_SETTINGS) unused.add(name)
  }
  const kept = Object.entries(under).filter(([name]) => !unused.has(name as SettingName))
  return { ...Object.fromEntries(kept), ...over }
}
