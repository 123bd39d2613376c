import { SnapstreamError, causesOf } from '@snapstream/core'

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
