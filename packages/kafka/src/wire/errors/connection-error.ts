import { SnapstreamError, causesOf, toError } from '@snapstream/core'
import { shownAddress } from '../protocol/broker-address.ts'
import type { BrokerAddress } from '../protocol/connection.ts'

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

/** What Node says of a certificate that it does not accept. */
const CERTIFICATE = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

const WHAT_TO_DO: readonly (readonly [what: RegExp, todo: string])[] = [
  [/ALTNAME/, 'connect by a name that is in it, or set sslCheckHostname to false'],
  [/EXPIRED|NOT_YET_VALID/, 'renew it, or check the clock'],
  [/^ERR_SSL_.*ALERT_.*CERT|ALERT_UNKNOWN_CA|ALERT_ACCESS_DENIED/, 'it wants a certificate it trusts: check sslCert'],
  [/^ERR_SSL_|^EPROTO$/, 'check that TLS is spoken there, in a version that both sides know'],
  [/./, 'give the certificate of the authority that signed it as sslCa or sslCaLocation'],
]

/**
 * `TLS_REFUSED`, if that is what an error of a connection (or one that caused it) is about: one side does not accept the
 * certificate of the other, or they find no way to speak with each other. Waiting does not cure it.
 */
export function tlsError(error: unknown, address: string): SnapstreamError | undefined {
  for (const { code, message } of causesOf(error)) {
    if (code === undefined || !(CERTIFICATE.has(code) || code.startsWith('ERR_SSL_') || code === 'EPROTO')) continue
    const todo = WHAT_TO_DO.find(([what]) => what.test(code))?.[1]
    const who = CERTIFICATE.has(code) ? `the certificate of the broker ${address}` : `TLS with the broker ${address}`
    return new SnapstreamError('TLS_REFUSED', `${who} is refused: ${shortened(message)} (${code}); ${todo}`, {
      cause: error,
    })
  }
  return undefined
}

/** OpenSSL puts addresses of memory and places in its source around what it says. */
function shortened(message: string): string {
  return /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(message)?.[1] ?? message
}
