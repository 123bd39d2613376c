import { SnapstreamError, causesOf, toError } from '@snapstream/core'
import { shownAddress } from '../protocol/broker-address.ts'
import type { BrokerAddress } from '../protocol/connection.ts'
import { tlsError } from './tls-error.ts'

/** A connection that is not there, or not any more: what was sent over it has to be sent again. */
export function brokerUnreachable(address: BrokerAddress, what: string, cause?: unknown): SnapstreamError {
  return new SnapstreamError('BROKER_UNREACHABLE', `the broker ${shownAddress(address)} ${what}`, { cause })
}

/** Why a socket failed, as a SnapstreamError: `TLS_REFUSED`, which waiting does not cure, or `BROKER_UNREACHABLE`. */
export function connectionError(thrown: unknown, address: BrokerAddress): SnapstreamError {
  if (SnapstreamError.is(thrown)) return thrown
  const error = toError(thrown)
  const what = `cannot be reached: ${error.message}${originOf(error, address)}`
  return tlsError(error, shownAddress(address)) ?? brokerUnreachable(address, what, error)
}

const NO_SUCH_NAME = new Set<unknown>(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_NODATA'])

/** Where a name came from that cannot be resolved: from a broker, which may know itself by another name than its clients. */
function originOf(error: Error, { nodeId, host }: BrokerAddress): string {
  if (nodeId < 0 || !NO_SUCH_NAME.has(causesOf(error)[0].code)) return ''
  return (
    `; the name ${host} is no setting of this program: node ${nodeId} gives it to its clients, by its ` +
    `advertised.listeners; set that to a name that can be resolved here`
  )
}
