import { SnapstreamError, toError } from '@snapstream/core'
import { shownAddress } from '../protocol/broker-address.ts'
import type { BrokerAddress } from '../protocol/connection.ts'

/** What a client library threw while it took an answer apart, as `KAFKA_FAILED`. A SnapstreamError stays as it is. */
export function unreadable(thrown: unknown, address: BrokerAddress, api: string): SnapstreamError {
  if (SnapstreamError.is(thrown)) return thrown
  const cause = toError(thrown)
  return new SnapstreamError(
    'KAFKA_FAILED',
    `the broker ${shownAddress(address)} gave no answer to ${api} that can be read: ${cause.message}`,
    { cause },
  )
}

/** A request that a broker knows in no version that the driver knows. `versions` are the driver's. */
export function unsupported(address: BrokerAddress, api: string, versions?: string): SnapstreamError {
  const known = versions === undefined ? '' : ` (${versions})`
  return new SnapstreamError(
    'UNSUPPORTED',
    `the broker ${shownAddress(address)} speaks no version of ${api} that this driver knows${known}; it is too old or too ` +
      'new for the driver',
  )
}
