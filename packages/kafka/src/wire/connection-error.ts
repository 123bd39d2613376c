import { SnapstreamError, toError } from '@snapstream/core'
import { shownAddress } from './broker-address.ts'
import type { BrokerAddress } from './connection.ts'
import { tlsError } from './tls-error.ts'

/** A connection that is not there, or not any more: what was sent over it has to be sent again. */
export function brokerUnreachable(address: BrokerAddress, what: string, cause?: unknown): SnapstreamError {
  return new SnapstreamError('BROKER_UNREACHABLE', `the broker ${shownAddress(address)} ${what}`, { cause })
}

/** What came of a socket, as a SnapstreamError: `TLS_REFUSED`, which waiting does not cure, or `BROKER_UNREACHABLE`. */
export function connectionError(thrown: unknown, address: BrokerAddress): SnapstreamError {
  if (SnapstreamError.is(thrown)) return thrown
  const error = toError(thrown)
  return (
    tlsError(error, shownAddress(address)) ?? brokerUnreachable(address, `cannot be reached: ${error.message}`, error)
  )
}
