import { SnapstreamError, causesOf, toError } from '@snapstream/core'
import { shownAddress } from '../protocol/broker-address.ts'
import type { BrokerAddress } from '../protocol/connection.ts'

/** The error for a connection that cannot be opened, or is closed. It is retriable. */
export function brokerUnreachable(address: BrokerAddress, what: string, cause?: unknown): SnapstreamError {
  return new SnapstreamError('BROKER_UNREACHABLE', `the broker ${shownAddress(address)} ${what}`, { cause })
}

/** Turns the error of a socket into `TLS_REFUSED`, which is not retriable, or `BROKER_UNREACHABLE`. */
export function connectionError(thrown: unknown, address: BrokerAddress): SnapstreamError {
  if (SnapstreamError.is(thrown)) return thrown
  const error = toError(thrown)
  const what = `cannot be reached: ${error.message}${originOf(error, address)}`
  return tlsError(error, shownAddress(address)) ?? brokerUnreachable(address, what, error)
}

const NO_SUCH_NAME = new Set<unknown>(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_NODATA'])

/** A hint for a host name that cannot be resolved: brokers advertise names that clients may not know. */
function originOf(error: Error, { nodeId, host }: BrokerAddress): string {
  if (nodeId < 0 || !NO_SUCH_NAME.has(causesOf(error)[0].code)) return ''
  return (
    `; node ${nodeId} advertises the name ${host} to its clients; set its ` +
    `advertised.listeners to a name that can be resolved here`
  )
}

/** Node's error codes for certificates that it does not accept. */
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
  [/ALTNAME/, 'connect by a name that the certificate has, or set sslCheckHostname to false'],
  [/EXPIRED|NOT_YET_VALID/, 'renew the certificate, or check the clock'],
  [
    /^ERR_SSL_.*ALERT_.*CERT|ALERT_UNKNOWN_CA|ALERT_ACCESS_DENIED/,
    'the broker requires a client certificate that it trusts; check sslCert',
  ],
  [/^ERR_SSL_|^EPROTO$/, 'check that this port uses TLS, in a version that both sides support'],
  [/./, 'give the certificate of the authority that signed it as sslCa or sslCaLocation'],
]

/**
 * `TLS_REFUSED`, if an error or one of its causes is about TLS: one side does not accept the certificate of the other, or
 * they have no protocol version or cipher in common. It is not retriable. Undefined for other errors.
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

/** The reason in a message of OpenSSL, without memory addresses and source lines. */
function shortened(message: string): string {
  return /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(message)?.[1] ?? message
}
