import { describe, expect, test } from 'vitest'
import { tlsError } from './connection-error.ts'

const coded = (code: string, message = 'no') => Object.assign(new Error(message), { code })

describe('tlsError', () => {
  test.each([
    ['CERT_HAS_EXPIRED', 'the certificate of the broker a:1 is refused: no (CERT_HAS_EXPIRED); renew the certificate'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'or set sslCheckHostname to false'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'give the certificate of the authority that signed it as sslCa'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'give the certificate of the authority that signed it as sslCa'],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'TLS with the broker a:1 is refused'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'check sslCert'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'check sslCert'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'check that this port uses TLS'],
    ['EPROTO', 'check that this port uses TLS'],
  ])('%s is TLS_REFUSED, and the message says what to do', (code, says) => {
    const cause = coded(code)
    const error = tlsError(cause, 'a:1')
    expect(error?.code).toBe('TLS_REFUSED')
    expect(error?.message).toContain(says)
    expect(error?.cause).toBe(cause)
  })

  test('is found among the causes of an error', () => {
    const outer = new Error('could not connect', { cause: new Error('no', { cause: coded('CERT_HAS_EXPIRED') }) })
    expect(tlsError(outer, 'a:1')).toMatchObject({ code: 'TLS_REFUSED', cause: outer })
  })

  test.each([coded('ECONNREFUSED'), coded('ECONNRESET'), new Error('no'), 'no', undefined])(
    '%s is not a TLS error',
    (error) => {
      expect(tlsError(error, 'a:1')).toBeUndefined()
    },
  )

  test('an error that is its own cause does not loop', () => {
    const error = new Error('no')
    error.cause = error
    expect(tlsError(error, 'a:1')).toBeUndefined()
  })

  test('the message has no addresses and source lines of OpenSSL', () => {
    const words =
      '802C05D1E07F0000:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:../deps/openssl/x.c:1601:SSL alert number 42\n'
    expect(tlsError(coded('ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', words), 'a:1')?.message).toBe(
      'TLS with the broker a:1 is refused: sslv3 alert bad certificate (ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE); ' +
        'the broker requires a client certificate that it trusts; check sslCert',
    )
  })
})
