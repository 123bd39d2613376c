import { SnapstreamError } from '@snapstream/core'
import type { Driver } from '../driver/driver.ts'
import { hasSasl, hasTls } from './merge-settings.ts'
import type { Settings } from './settings.ts'
import { warnOnce } from './warn-once.ts'

/** Without these a promise that was asked for would not be kept, by the names of the driver port. */
const NOT_TO_BE_IGNORED = new Set([
  'acks',
  'autoOffsetReset',
  'idempotence',
  'isolationLevel',
  'onOffsetOutOfRange',
  'sasl',
  'tls',
])

/** What the driver port calls it, or the part of it that a setting is for. */
export function portName(name: string): string {
  if (name === 'clientRack') return 'rackId'
  if (name === 'securityProtocol' || name.startsWith('ssl')) return 'tls'
  return name.startsWith('sasl') ? 'sasl' : name
}

/** Throws `UNSUPPORTED` for what the driver cannot do and must not leave out; warns once of what it has no use for. */
export function refuseUnsupported(driver: Driver, given: Settings): void {
  const { inProcess, ignoredSettings, compression } = driver.supports
  // In one process there is no connection to set up, and swapping the driver must not mean rewriting the settings.
  if (inProcess) return
  for (const [name, needs] of asked(given)) {
    if (!ignoredSettings.includes(needs)) continue
    if (NOT_TO_BE_IGNORED.has(needs))
      throw unsupported(`the driver ${driver.name} has no ${name}; leave it out or change driver`)
    warnOnce(`the driver ${driver.name} has no use for ${name}; it is ignored`)
  }
  if (given.compression !== undefined && !compression.includes(given.compression))
    throw unsupported(
      `the driver ${driver.name} cannot compress with ${given.compression}; it has ${compression.join(', ')}`,
    )
}

/** What is asked for: as it is called, and what it asks of the driver. */
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
